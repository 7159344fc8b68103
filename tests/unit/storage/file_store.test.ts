import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { storageFull, type FileStore } from '../../../src/storage/file_store';
import { nodeFiles } from '../../../src/storage/node_files';
import { MemoryFiles } from './memory_files';
import { told } from '../told';

const folders: string[] = [];
async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tunesmith-'));
  folders.push(folder);
  return folder;
}
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

const bytes = (...values: number[]) => Uint8Array.from(values);

const stores: [string, () => Promise<FileStore>][] = [
  ['plain files', async () => nodeFiles(join(await temporaryFolder(), 'not', 'yet', 'there'))],
  ['the memory that other tests use', () => Promise.resolve(new MemoryFiles())],
];

describe.each(stores)('a file store: %s', (_, make) => {
  it('is empty at first', async () => {
    const files = await make();
    expect(await files.read('a/b')).toBeUndefined();
    expect(await files.open('a/b')).toBeUndefined();
    expect(await files.list('a')).toEqual([]);
    expect(await files.size('a')).toBe(0);
    await files.remove('a');
  });

  it('gives back what was written, also from a blob and after it was written over', async () => {
    const files = await make();
    await files.write('a/b/c', bytes(1, 2, 3));
    await files.write('a/d', new Blob([bytes(4, 5), bytes(6, 7)]));
    expect(await files.read('a/b/c')).toEqual(bytes(1, 2, 3));
    expect(await files.read('a/d')).toEqual(bytes(4, 5, 6, 7));
    expect(await (await files.open('a/d'))!.slice(1, 3).arrayBuffer()).toEqual(bytes(5, 6).buffer);
    await files.write('a/d', bytes(8));
    expect(await files.read('a/d')).toEqual(bytes(8));
    await files.write('a/d', bytes());
    expect(await files.read('a/d')).toEqual(bytes());
  });

  it('lists and measures what is below a folder, and leaves nothing temporary', async () => {
    const files = await make();
    await files.write('a/b/c', bytes(1, 2, 3));
    await files.write('a/d', bytes(1));
    await files.write('ab', bytes(1, 1));
    expect(await files.list('a')).toEqual(['a/b/c', 'a/d']);
    expect(await files.list('a/b')).toEqual(['a/b/c']);
    expect(await files.list('a/d')).toEqual([]);
    expect(await files.size('a')).toBe(4);
    expect(await files.size('a/b/c')).toBe(3);
  });

  it('removes a file or a folder', async () => {
    const files = await make();
    for (const path of ['a/b/c', 'a/b/d', 'a/e']) await files.write(path, bytes(1));
    await files.remove('a/b/c');
    expect(await files.list('a')).toEqual(['a/b/d', 'a/e']);
    await files.remove('a/b');
    expect(await files.list('a')).toEqual(['a/e']);
  });

  it('writes and reads anywhere in an open file, and keeps what it held', async () => {
    const files = await make();
    const writer = await files.openWriter('a/b');
    expect(await writer.size()).toBe(0);
    await writer.write(4, bytes(5, 6));
    await writer.write(1, bytes(2));
    expect(await writer.read(0, 100)).toEqual(bytes(0, 2, 0, 0, 5, 6));
    expect(await writer.read(1, 5)).toEqual(bytes(2, 0, 0, 5));
    await writer.flush();
    await writer.close();
    const again = await files.openWriter('a/b');
    expect(await again.size()).toBe(6);
    await again.write(0, bytes(1));
    await again.close();
    expect(await files.read('a/b')).toEqual(bytes(1, 2, 0, 0, 5, 6));
    await expect(files.openWriter('a/../b')).rejects.toMatchObject({ code: 'storage_path' });
  });

  it('refuses paths that lead elsewhere', async () => {
    const files = await make();
    for (const path of ['../a', 'a/../b', '/a', 'a//b', '', 'a\\b', 'a/.']) {
      await expect(files.write(path, bytes(1))).rejects.toMatchObject({ code: 'storage_path' });
    }
  });
});

describe('plain files', () => {
  it('keep the old file and clear up where the new one fails', async () => {
    const folder = await temporaryFolder();
    const files = nodeFiles(folder);
    await files.write('a', bytes(1));
    const failing = new Blob([bytes(1, 2)]);
    failing.stream = () =>
      new ReadableStream({
        start: (controller) => {
          controller.enqueue(bytes(9, 9));
          controller.error(new Error('The source broke.'));
        },
      });
    await expect(files.write('a', failing)).rejects.toThrow('The source broke.');
    expect(await files.read('a')).toEqual(bytes(1));
    expect(await readdir(folder)).toEqual(['a']);
  });

  it('know how much room there is', async () => {
    expect(await nodeFiles(await temporaryFolder()).free()).toBeGreaterThan(0);
  });

  it('say that the disk is full, with how much is needed', async () => {
    const folder = await temporaryFolder();
    const files = nodeFiles(folder);
    const noRoom = new Blob([bytes(1)]);
    noRoom.stream = () =>
      new ReadableStream({
        start: (controller) =>
          controller.error(Object.assign(new Error('no space left'), { code: 'ENOSPC' })),
      });
    await expect(files.write('a', noRoom)).rejects.toMatchObject({ code: 'storage_full' });
    // A folder where a file is meant is no shortage of room.
    await writeFile(join(folder, 'file'), '');
    await expect(files.write('file/a', bytes(1))).rejects.toMatchObject({ code: 'file_not_written' });
  });
});

describe('storageFull', () => {
  it('tells what is needed and what there is', () => {
    const { message, hint } = told(storageFull('runs/a/checkpoint-5.safetensors', 34_200_000, 12_040_000));
    expect(message).toBe(
      'The storage is full: runs/a/checkpoint-5.safetensors needs 34.2 MB, and there is room for 12 MB.',
    );
    expect(hint).toContain('Remove runs');
    for (const free of [undefined, 1e9])
      expect(storageFull('a', 1e6, free).message).toBe('The storage is full: a needs 1 MB.');
  });
});
