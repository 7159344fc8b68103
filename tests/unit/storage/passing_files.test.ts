import { expect, it } from 'vitest';
import { memoryFiles } from '../../../src/storage/memory_files';

it('keeps files in memory as other stores do on a disk', async () => {
  const files = memoryFiles();
  await files.write('a/b', Uint8Array.of(1, 2, 3));
  await files.write('a/c/d', new Blob(['xy']));
  expect(await files.read('a/b')).toEqual(Uint8Array.of(1, 2, 3));
  expect(await files.list('a')).toEqual(['a/b', 'a/c/d']);
  expect(await files.size('a')).toBe(5);
  await files.rename('a/b', 'e');
  expect(await files.read('a/b')).toBeUndefined();
  await files.remove('a/c');
  expect(await files.list('a')).toEqual(['a/e']);
  await expect(files.write('../x', new Uint8Array())).rejects.toMatchObject({ code: 'storage_path' });
});

it('is written to anywhere, and read from in ranges', async () => {
  const files = memoryFiles();
  const writer = await files.openWriter('a/w');
  await writer.write(4, Uint8Array.of(5, 6));
  await writer.write(0, Uint8Array.of(1));
  for (let at = 6; at < 100; at++) await writer.write(at, Uint8Array.of(at));
  expect(await writer.size()).toBe(100);
  expect(await writer.read(0, 8)).toEqual(Uint8Array.of(1, 0, 0, 0, 5, 6, 6, 7));
  await writer.close();
  const reader = (await files.openReader('a/w'))!;
  expect(reader.size).toBe(100);
  expect(await reader.read(98, 100)).toEqual(Uint8Array.of(98, 99));
});
