import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locks } from './locks';

const POLL = 300;
/** A lock without an owner is being written for so long, in milliseconds; an older one is nobody's. */
const WRITING = 5000;

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

/** Takes the lock; false if a living process has it. */
async function taken(folder: string, path: string): Promise<boolean> {
  await mkdir(folder, { recursive: true });
  // Without a pause from here on: another request of this process must find all of it or nothing.
  if (created(path)) return true;
  const owner = ownerOf(path);
  if (owner === undefined || isHeld(path, owner)) return false;
  // Two processes may find the same one at once: a file is moved away by one of them alone.
  const moved = `${path}.${process.pid}`;
  try {
    renameSync(path, moved);
  } catch {
    return false;
  }
  const now = readFileSync(moved, 'utf8');
  // The other one was first, and this is already its new lock: it gets it back.
  try {
    if (now !== owner) writeFileSync(path, now, { flag: 'wx' });
  } finally {
    rmSync(moved);
  }
  return now === owner && created(path);
}

function created(path: string): boolean {
  try {
    writeFileSync(path, ownerText(process.pid), { flag: 'wx' });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
  held.add(path);
  return true;
}

/** What the file says; undefined if it is gone, or is just being written. */
function ownerOf(path: string): string | undefined {
  try {
    const owner = readFileSync(path, 'utf8');
    // A process that ended before it wrote its number leaves an empty one.
    return owner === '' && Date.now() - statSync(path).mtimeMs < WRITING ? undefined : owner;
  } catch {
    return undefined;
  }
}

/** A process by its number and, if the system tells, by when it started: numbers are given out again. */
function ownerText(pid: number): string {
  return `${pid} ${startOf(pid)}`.trim();
}

/** When a process started, in ticks since the machine did; '' if it is gone or the system does not tell. */
function startOf(pid: number): string {
  try {
    // The name of the program comes before, in brackets, and may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/s, '').trim().split(' ');
    return fields[19] ?? '';
  } catch {
    return '';
  }
}

function isHeld(path: string, owner: string): boolean {
  const pid = Number(owner.split(' ')[0]);
  if (!Number.isInteger(pid) || pid <= 0) return false;
  if (pid === process.pid) return held.has(path);
  return isAlive(pid) && [String(pid), ownerText(pid)].includes(owner);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
