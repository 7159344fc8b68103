import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locks } from './locks';

const POLL = 300;
/** Milliseconds for which an empty lock file counts as being written; an older one has no owner. */
const WRITING = 5000;

/**
 * Locks that this process holds. Its process number alone does not prove that: an earlier process may have had the
 * same.
 */
const held = new Set<string>();

/**
 * Locks between processes, as files in a folder. Implements the part of `LockManager` that this program uses: exclusive
 * locks, with or without waiting. Ignores a lock whose process has ended.
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
      // Both without a pause in between: a waiting request of this process must not see one without the other.
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
  // No await from here on: another request of this process must see all of this or nothing.
  if (created(path)) return true;
  const owner = ownerOf(path);
  if (owner === undefined || isHeld(path, owner)) return false;
  // Two processes may find the same stale lock at once, but only one of them succeeds in moving the file.
  const moved = `${path}.${process.pid}`;
  try {
    renameSync(path, moved);
  } catch {
    return false;
  }
  const now = readFileSync(moved, 'utf8');
  // The other process was first and this is already its new lock, so restore it.
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

/** The owner in the lock file; undefined if the file is gone or just being written. */
function ownerOf(path: string): string | undefined {
  try {
    const owner = readFileSync(path, 'utf8');
    // A process that ended before it wrote its number leaves an empty file.
    return owner === '' && Date.now() - statSync(path).mtimeMs < WRITING ? undefined : owner;
  } catch {
    return undefined;
  }
}

/** Identifies a process by its number and, if the system gives it, its start time, because numbers are reused. */
function ownerText(pid: number): string {
  return `${pid} ${startOf(pid)}`.trim();
}

/** A process's start time in ticks since the machine's start; '' if it has ended or the system does not give it. */
function startOf(pid: number): string {
  try {
    // Cuts off the program's name, which precedes in brackets and may contain anything.
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
