import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFolder, openDataFiles } from '../../../src/cli/files';
import { told } from '../told';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tunesmith-files-'));
  await writeFile(join(folder, 'numbers.bin'), Uint8Array.of(0, 1, 2, 3, 4, 5));
  await writeFile(join(folder, 'rows.jsonl'), '\ufeff{"text":"Grüße"}');
  await writeFile(join(folder, 'latin1.jsonl'), Buffer.from('{"text":"Grüße"}', 'latin1'));
  await writeFile(join(folder, 'adapter.ZIP'), Uint8Array.of(80, 75));
  await mkdir(join(folder, 'inner'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a folder on the disk', () => {
  it('holds its files, which are read in ranges', async () => {
    const files = await openFolder(folder, 'model');
    expect([...files.keys()].sort()).toEqual(['adapter.ZIP', 'latin1.jsonl', 'numbers.bin', 'rows.jsonl']);
    const file = files.get('numbers.bin')!;
    expect(file.size).toBe(6);
    expect(await file.read(2, 5)).toEqual(Uint8Array.of(2, 3, 4));
    expect(await file.read(6, 6)).toEqual(new Uint8Array(0));
  });

  it('is a zip by itself as well', async () => {
    const files = await openFolder(join(folder, 'adapter.ZIP'), 'adapter');
    expect([...files.keys()]).toEqual(['adapter.ZIP']);
  });

  it('is one .gguf by itself as well', async () => {
    await writeFile(join(folder, 'model.gguf'), 'GGUF');
    const files = await openFolder(join(folder, 'model.gguf'), 'model');
    expect([...files.keys()]).toEqual(['model.gguf']);
    await rm(join(folder, 'model.gguf'));
  });

  it('is refused in words where the disk forbids it', async () => {
    const path = join(folder, 'x'.repeat(300));
    await expect(openFolder(path, 'model')).rejects.toMatchObject({
      code: 'path_unreadable',
      message: `--model: ${path} can’t be read: the path is too long.`,
    });
    const [file] = (await openFolder(folder, 'model')).values();
    await expect(file!.read(0, file!.size + 1)).rejects.toMatchObject({ code: 'path_unreadable' });
  });

  it('is missed by name', async () => {
    for (const path of ['none', 'numbers.bin/none']) {
      const opened = openFolder(join(folder, path), 'model');
      await expect(opened).rejects.toThrow(`--model: there is no folder ${join(folder, path)}.`);
    }
    expect(await openFolder(join(folder, 'numbers.bin'), 'model').catch(told)).toMatchObject({
      code: 'folder_is_file',
      message: `--model: ${join(folder, 'numbers.bin')} is a file, not a folder.`,
      hint: `Give the folder that it is in: ${folder}.`,
    });
  });
});

describe('files of examples', () => {
  it('are bytes with a name', async () => {
    const [file] = await openDataFiles([join(folder, 'rows.jsonl')]);
    expect(file?.name).toBe('rows.jsonl');
    expect(new TextDecoder().decode(await file?.read(0, file.size))).toContain('{"text":"Grüße"}');
  });

  it('may be all of a folder, and go by their paths if they share a name', async () => {
    const other = join(folder, 'other');
    await mkdir(other);
    for (const name of ['rows.jsonl', 'b.csv', 'README.md']) await writeFile(join(other, name), '');
    const files = await openDataFiles([join(folder, 'rows.jsonl'), other]);
    expect(files.map(({ name }) => name)).toEqual([
      join(folder, 'rows.jsonl'),
      'b.csv',
      join(other, 'rows.jsonl'),
    ]);
  });

  it('are refused by name if one is missing, or a folder has none', async () => {
    const missing = openDataFiles([join(folder, 'none')]);
    await expect(missing).rejects.toMatchObject({ code: 'data_file_missing' });
    await mkdir(join(folder, 'bare'));
    await expect(openDataFiles([join(folder, 'bare')])).rejects.toMatchObject({
      message: `--data: the folder ${join(folder, 'bare')} has no file of examples.`,
    });
  });
});
