import { rmSync } from 'node:fs';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locks } from './locks';

const POLL = 300;

/** Locks that this process has. Its number says too little: another process may have had the same before. */
const held = new Set<string>();

/**
 * Locks between processes by files in a folder, as far as this program asks for them: exclusive ones, waited for or not. A
 * lock whose process is gone counts for nothing.
 */
export function nodeLocks(folder: string): Locks {
  const request = async (name: string, ...rest: unknown[]): Promise<unknown> => {
    const work = rest.at(-1) as (lock: Lock | null) => unknown;
    const { ifAvailable = false, signal }: LockOptions = rest.length > 1 ? (rest[0] as LockOptions) : {};
    const path = join(folder, `${encodeURIComponent(name)}.lock`);
    while (!(await taken(folder, path))) {
      signal?.throwIfAborted();
      if (ifAvailable) return await work(null);
      await new Promise((resolve) => setTimeout(resolve, POLL));
    }
    try {
      return await work({ name, mode: 'exclusive' });
    } finally {
      // At once: whoever waits in this process must not find one without the other.
      rmSync(path, { force: true });
      held.delete(path);
    }
  };
  return {
    request,
    query: () => Promise.resolve({ held: [], pending: [] }),
  };
}

/** Takes the lock; false where a living process has it. */
async function taken(folder: string, path: string): Promise<boolean> {
  await mkdir(folder, { recursive: true });
  try {
    const file = await open(path, 'wx');
    held.add(path);
    await file.writeFile(String(process.pid));
    await file.close();
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    const owner = Number(await readFile(path, 'utf8').catch(() => ''));
    // One that is just being written has no owner yet.
    if (!Number.isInteger(owner) || owner <= 0) return false;
    if (owner === process.pid ? held.has(path) : isAlive(owner)) return false;
    await rm(path, { force: true });
    return await taken(folder, path);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
