import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { withModelLock, withStorageLock } from '../../../src/storage/locks';
import { nodeLocks } from '../../../src/storage/node_locks';

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'tunesmith-locks-')), 'locks');
});
afterEach(() => rm(join(folder, '..'), { recursive: true }));

/** Something to wait for until it comes. */
function moment(): { readonly come: Promise<void>; readonly comes: () => void } {
  let comes: () => void = () => undefined;
  const come = new Promise<void>((resolve) => (comes = resolve));
  return { come, comes: () => comes() };
}

it('lets one process after the other have a model, and leaves nothing behind', async () => {
  const order: string[] = [];
  const begun = moment();
  const waiting = moment();
  const first = withModelLock(nodeLocks(folder), 'a/b', async () => {
    order.push('first begins');
    begun.comes();
    await waiting.come;
    order.push('first ends');
  });
  await begun.come;
  const second = (): Promise<void> => {
    order.push('second');
    return Promise.resolve();
  };
  const onWait = (): void => {
    order.push('waits');
    waiting.comes();
  };
  await withModelLock(nodeLocks(folder), 'a/b', second, { onWait });
  await first;
  expect(order).toEqual(['first begins', 'waits', 'first ends', 'second']);
  expect(await readdir(folder)).toEqual([]);
});

it('refuses, or ends the waiting, where that is asked for', async () => {
  const locks = nodeLocks(folder);
  const begun = moment();
  const end = moment();
  const first = withModelLock(locks, 'a/b', () => {
    begun.comes();
    return end.come;
  });
  await begun.come;
  const refused = withModelLock(locks, 'a/b', () => Promise.resolve(), { refuse: true });
  await expect(refused).rejects.toMatchObject({ code: 'model_in_other_tab' });
  const stop = new AbortController();
  const waiting = withModelLock(locks, 'a/b', () => Promise.resolve(), { signal: stop.signal });
  stop.abort();
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  end.comes();
  await first;
});

it('takes over at once from a process that is gone, were it one of the same number', async () => {
  await mkdir(folder, { recursive: true });
  for (const owner of [999999999, process.pid]) {
    await writeFile(join(folder, 'tunesmith-storage.lock'), String(owner));
    expect(await withStorageLock(nodeLocks(folder), () => Promise.resolve(1))).toBe(1);
    await writeFile(join(folder, `tunesmith-model-${encodeURIComponent('a/b')}.lock`), String(owner));
    const work = () => Promise.resolve(2);
    expect(await withModelLock(nodeLocks(folder), 'a/b', work, { refuse: true })).toBe(2);
  }
});

it('takes over one whose process ended before it wrote its number', async () => {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `tunesmith-model-${encodeURIComponent('a/b')}.lock`);
  const work = () => Promise.resolve(3);
  await writeFile(path, '');
  const fresh = withModelLock(nodeLocks(folder), 'a/b', work, { refuse: true });
  await expect(fresh).rejects.toMatchObject({ code: 'model_in_other_tab' });
  await utimes(path, new Date(0), new Date(0));
  expect(await withModelLock(nodeLocks(folder), 'a/b', work, { refuse: true })).toBe(3);
  expect(await readdir(folder)).toEqual([]);
});

it('is given back where the work fails', async () => {
  const locks = nodeLocks(folder);
  await expect(withStorageLock(locks, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await withStorageLock(locks, () => Promise.resolve(1))).toBe(1);
});
