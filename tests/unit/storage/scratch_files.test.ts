import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryScratch } from '../../../src/cli/scratch';
import { scratchFiles } from '../../../src/storage/scratch_files';
import { MemoryFiles } from './memory_files';

it('gives each scratch file a place of its own, which its end frees', async () => {
  const files = new MemoryFiles();
  const open = scratchFiles(() => Promise.resolve(files), undefined);
  const [one, other] = [await open(), await open()];
  await one.write(0, Uint8Array.of(1, 2));
  await other.write(0, Uint8Array.of(3));
  await one.write(2, Uint8Array.of(4));
  expect([[...(await one.read(1, 3))], [...(await other.read(0, 1))]]).toEqual([[2, 4], [3]]);
  await one.close();
  expect([...(await other.read(0, 1))]).toEqual([3]);
  await other.close();
  expect(files.files.size).toBe(0);
});

it('removes what a closed tab left', async () => {
  const files = new MemoryFiles();
  const left = await scratchFiles(() => Promise.resolve(files), undefined)();
  await left.write(0, Uint8Array.of(1));
  const next = await scratchFiles(() => Promise.resolve(files), undefined)();
  await next.write(0, Uint8Array.of(2));
  expect(files.files.size).toBe(1);
});

it('leaves nothing in the folder of temporary files', async () => {
  const folders = () => readdirSync(tmpdir()).filter((name) => existsSync(join(tmpdir(), name, 'rows')));
  const before = new Set(folders());
  const scratch = await temporaryScratch();
  await scratch.write(5, Uint8Array.of(7));
  expect([...(await scratch.read(4, 6))]).toEqual([0, 7]);
  const own = folders().filter((name) => !before.has(name));
  expect(own).toHaveLength(1);
  await scratch.close();
  expect(folders()).not.toContain(own[0]);
});
