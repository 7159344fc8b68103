import { beforeEach, expect, it } from 'vitest';
import { FormerOutput } from '../../../src/cli/former_output';
import { MemoryFiles } from '../storage/memory_files';

const bytes = Uint8Array.of(1);
let files: MemoryFiles;
const records = {
  all: () => Promise.resolve([]),
  remove: () => Promise.resolve(),
};

const paths = () => [...files.files.keys()].sort();
const OLD = ['adapter_config.json', 'adapter_model.safetensors', 'notes.txt', 'runs/old/run.json'];
const begin = async () => {
  const former = await FormerOutput.in(files, records);
  await files.write('runs/new/run.json', bytes);
  return former;
};

beforeEach(async () => {
  files = new MemoryFiles();
  for (const path of OLD) await files.write(path, bytes);
});

it('stays, and nothing of the new run, if that made no step', async () => {
  await (await begin()).settle();
  expect(paths()).toEqual(OLD);
});

it('goes when the new run makes its first step, and other files of the folder stay', async () => {
  const former = await begin();
  former.replace();
  former.replace();
  await former.settle();
  expect(paths()).toEqual(['notes.txt', 'runs/new/run.json']);
});

it('tells if it can’t be removed', async () => {
  const former = await begin();
  files.remove = () => Promise.reject(new Error('no'));
  former.replace();
  await expect(former.settle()).rejects.toThrow('no');
});
