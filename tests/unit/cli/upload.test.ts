import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { filesToUpload } from '../../../src/cli/upload';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tunesmith-upload-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function put(...paths: string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), path);
  }
}

it('takes the files of all subfolders, without hidden ones and a training’s checkpoints', async () => {
  await put('README.md', 'onnx/model.onnx', '.tunesmith.lock', '.git/config', 'runs/a/state.bin');
  const files = await filesToUpload(folder);
  expect(files.map(({ path }) => path).sort()).toEqual(['README.md', 'onnx/model.onnx']);
  expect(await files.find(({ path }) => path === 'onnx/model.onnx')!.content.text()).toBe('onnx/model.onnx');
});

it('refuses a folder with an export that was interrupted, an empty one and a missing one', async () => {
  await expect(filesToUpload(folder)).rejects.toMatchObject({ code: 'folder_empty' });
  await put('config.json', 'onnx/model.onnx_data.tmp');
  await expect(filesToUpload(folder)).rejects.toMatchObject({ code: 'upload_unfinished' });
  await expect(filesToUpload(join(folder, 'none'))).rejects.toMatchObject({ code: 'folder_missing' });
});
