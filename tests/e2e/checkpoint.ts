import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readTensors, writeSafetensors } from '../../src/formats/safetensors';
import { ensureBuilt } from '../../tools/lib/build.mjs';

const NAMES = [
  'config.json',
  'generation_config.json',
  'model.safetensors',
  'tokenizer.json',
  'tokenizer_config.json',
];

/** The files of the demo's model, by name: a whole checkpoint of a few megabytes. */
export async function checkpointFiles(): Promise<Record<string, Buffer>> {
  const folder = join(dirname(await ensureBuilt('page', console.error)), 'models', 'demo');
  const entries = NAMES.map(async (name) => [name, await readFile(join(folder, name))] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** The same checkpoint with its weights in shards, as large ones are published. */
export async function shardedFiles(shards: number): Promise<Record<string, Buffer>> {
  const { 'model.safetensors': weights = Buffer.alloc(0), ...others } = await checkpointFiles();
  const { tensors } = readTensors(weights);
  const all = Array.from(tensors, ([name, { dtype, shape, data }]) => ({ name, dtype, shape, data }));
  const each = Math.ceil(all.length / shards);
  const files: Record<string, Buffer> = { ...others };
  const map: Record<string, string> = {};
  for (let shard = 0; shard < shards; shard++) {
    const part = all.slice(shard * each, (shard + 1) * each);
    const number = (value: number) => String(value).padStart(5, '0');
    const file = `model-${number(shard + 1)}-of-${number(shards)}.safetensors`;
    files[file] = Buffer.from(writeSafetensors(part));
    for (const { name } of part) map[name] = file;
  }
  const index = { metadata: { total_size: weights.length }, weight_map: map };
  return { ...files, 'model.safetensors.index.json': Buffer.from(JSON.stringify(index)) };
}
