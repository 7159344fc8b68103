import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withExportFolder, withOutputFolder } from '../../../src/cli/output_folder';

let root: string;
let other: ChildProcess | undefined;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tunesmith-output-'));
});
afterEach(async () => {
  other?.kill('SIGKILL');
  other = undefined;
  await rm(root, { recursive: true });
});

const nothing = (): Promise<number> => Promise.resolve(1);
const LOCK = '.tunesmith.lock';

describe('the folder of an export', () => {
  const inFolder = (name: string) => withExportFolder(join(root, name), nothing);

  it('loses what a killed export left, in inner folders too', async () => {
    await mkdir(join(root, 'onnx'));
    for (const name of [LOCK, 'config.json.tmp', 'onnx/model_q4.onnx_data.tmp']) {
      await writeFile(join(root, name), '0');
    }
    expect(await inFolder('')).toBe(1);
    expect(await readdir(root, { recursive: true })).toEqual(['onnx']);
  });

  const isRefusedFor = async (name: string) => {
    await expect(inFolder('')).rejects.toMatchObject({
      code: 'output_not_empty',
      values: { path: root, first: join(...name.split('/')) },
    });
    expect(existsSync(join(root, name))).toBe(true);
  };

  it.each(['onnx/model_q4.onnx', 'thesis.tmp', 'config.json.tmp'])(
    'is refused if it holds another’s %s',
    async (name) => {
      await mkdir(join(root, 'onnx'));
      await writeFile(join(root, name), '');
      await isRefusedFor(name);
    },
  );

  it.each(['thesis.tmp', 'onnx/config.json.tmp', 'model.gguf'])(
    'is refused if it holds a person’s %s beside the lock of a killed export',
    async (name) => {
      await mkdir(join(root, 'onnx'));
      for (const each of [LOCK, 'model.safetensors.tmp', name]) await writeFile(join(root, each), '0');
      await isRefusedFor(name);
      expect(existsSync(join(root, 'model.safetensors.tmp'))).toBe(true);
    },
  );

  it('is refused at its first file, without a look into inner folders', async () => {
    await mkdir(join(root, 'a'));
    await writeFile(join(root, 'a', 'far'), '');
    await writeFile(join(root, 'near'), '');
    await isRefusedFor('near');
  });

  it.each(['model.gguf', 'model.safetensors', 'model.onnx', 'model.zip'])(
    'is not named as a file, %s, but may be there with such a name',
    async (name) => {
      await expect(inFolder(name)).rejects.toMatchObject({
        code: 'output_named_file',
        values: { path: join(root, name), folder: join(root, 'model') },
      });
      expect(await readdir(root)).toEqual([]);
      await mkdir(join(root, name));
      expect(await inFolder(name)).toBe(1);
    },
  );

  it.each([
    ['is a file', 'file', 'it is a file'],
    ['lies below a file', 'file/out', 'a part of its path is a file'],
  ])('that %s is refused before any work', async (_, name, reason) => {
    await writeFile(join(root, 'file'), '');
    await expect(inFolder(name)).rejects.toMatchObject({
      code: 'output_dir',
      message: expect.stringMatching(`^--output: .* ${reason}`) as string,
    });
  });

  it('is one process’s at a time, and goes again if nothing was written', async () => {
    await withExportFolder(join(root, 'a'), async () => {
      await expect(inFolder('a')).rejects.toMatchObject({ code: 'output_dir_in_use' });
    });
    expect(await readdir(root)).toEqual([]);
  });
});

describe('an output folder', () => {
  it('is made, and goes again if nothing was written', async () => {
    const path = join(root, 'a', 'b');
    await withOutputFolder(path, () => {
      expect(existsSync(path)).toBe(true);
      return nothing();
    });
    expect(await readdir(root)).toEqual([]);
    await withOutputFolder(path, (files) => files.write('x', new Uint8Array(1)));
    expect(await readdir(path)).toEqual(['x']);
  });

  it.each([
    ['is a file', 'file', 'it is a file'],
    ['lies below a file', 'file/out', 'a part of its path is a file'],
    ['has too long a name', 'x'.repeat(300), 'its name is too long'],
  ])('that %s is refused before any work', async (_, name, reason) => {
    await writeFile(join(root, 'file'), '');
    let worked = false;
    const begun = withOutputFolder(join(root, name), () => Promise.resolve((worked = true)));
    await expect(begun).rejects.toMatchObject({
      code: 'output_dir',
      message: expect.stringContaining(reason) as string,
    });
    expect(worked).toBe(false);
  });

  // Only Linux has a folder that refuses even an administrator.
  const unwritable = process.platform === 'linux' ? ['/proc/tunesmith', '/proc/self'] : [];
  it('without permission to write is refused', async () => {
    for (const path of [...unwritable, join(root, 'x'.repeat(300))]) {
      await expect(withOutputFolder(path, nothing)).rejects.toMatchObject({ code: 'output_dir' });
    }
  });

  it('is one process’s at a time, and a failure of the work is told as it is', async () => {
    await withOutputFolder(root, async () => {
      await expect(withOutputFolder(root, nothing)).rejects.toMatchObject({ code: 'output_dir_in_use' });
    });
    const failure = Object.assign(new Error('no'), { code: 'EACCES' });
    await expect(withOutputFolder(root, () => Promise.reject(failure))).rejects.toBe(failure);
    expect(await withOutputFolder(root, nothing)).toBe(1);
    expect(await readdir(root)).toEqual([]);
  });

  it('is kept from a living process, and taken over from one that is gone', async () => {
    other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await new Promise((resolve) => other?.once('spawn', resolve));
    await writeFile(join(root, LOCK), String(other.pid));
    await expect(withOutputFolder(root, nothing)).rejects.toMatchObject({ code: 'output_dir_in_use' });
    // The same number, of a process that started at another time.
    if (process.platform === 'linux') {
      await writeFile(join(root, LOCK), `${other.pid} 1`);
      expect(await withOutputFolder(root, nothing)).toBe(1);
    }
    await writeFile(join(root, LOCK), String(other.pid));
    other.kill('SIGKILL');
    await new Promise((resolve) => other?.once('exit', resolve));
    expect(await withOutputFolder(root, nothing)).toBe(1);
  });

  it('is cleared of what a killed process left half written, and of nothing else', async () => {
    await mkdir(join(root, 'runs', 'r'), { recursive: true });
    const left = ['runs/r/run.json.7-ab.tmp', 'adapter_config.json.tmp', 'README.md.7-ab.tmp'];
    const others = ['notes.tmp', 'README.md', 'runs/r/run.json'];
    for (const name of [...left, ...others]) await writeFile(join(root, name), '1');
    await withOutputFolder(root, nothing);
    const found = await readdir(root, { recursive: true });
    expect(found.sort()).toEqual([...others, 'runs', 'runs/r'].sort());
  });
});
