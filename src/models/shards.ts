import * as v from 'valibot';
import { TunesmithError } from '../core/errors';
import { refuseLfsPointer } from '../core/lfs_pointer';
import { message, type Message } from '../core/messages/message';
import { headerLength, parseHeader, type SafetensorsHeader } from '../formats/safetensors';
import { isComputedBuffer } from './check_tensors';
import { readJson, type FileReader, type ModelFolder } from './folder';
import type { StoredTensor } from './stored/stored_weight';

export const SINGLE_FILE = 'model.safetensors';
export const INDEX_FILE = 'model.safetensors.index.json';

/** The tensors of a checkpoint and their files. */
export interface StoredTensors {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly files: readonly FileReader[];
}

const Index = v.object({ weight_map: v.record(v.string(), v.string()) });

/**
 * The tensors of model.safetensors, or of the shards that model.safetensors.index.json names; undefined if the folder
 * has neither. Reads only the headers. Throws `model_file_missing`, `index_invalid`, `index_differs`, `tensor_twice`,
 * and the errors of a header.
 */
export async function readTensorFiles(folder: ModelFolder): Promise<StoredTensors | undefined> {
  const single = folder.get(SINGLE_FILE);
  if (single) return { tensors: tensorsOf([[single, await readHeader(single)]]), files: [single] };
  const index = folder.get(INDEX_FILE);
  if (!index) return undefined;
  const shardOf = await readIndex(index);
  const files = shardNames(shardOf).map((name) => shard(folder, name));
  // In parallel: if the shards are being downloaded, that is one wait instead of one for each.
  const headers = await Promise.all(
    files.map(
      async (file) => [file, await readHeader(file)] as const satisfies [FileReader, SafetensorsHeader],
    ),
  );
  const tensors = tensorsOf(headers);
  checkIndex(shardOf, tensors);
  return { tensors, files };
}

export async function readHeader(file: FileReader): Promise<SafetensorsHeader> {
  const head = await file.read(0, Math.min(64, file.size));
  refuseLfsPointer(file.name, file.size, head);
  const length = headerLength(head.subarray(0, 8), file.size, file.name);
  return parseHeader(await file.read(0, 8 + length), file.size, file.name);
}

/** The files that an index names, each once and in order: plain names of safetensors files beside it. Throws `index_invalid`. */
export async function shardsOfIndex(file: FileReader): Promise<readonly string[]> {
  return shardNames(await readIndex(file));
}

function shardNames(shardOf: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set(shardOf.values())].sort();
}

/** The shard of each tensor. */
async function readIndex(file: FileReader): Promise<ReadonlyMap<string, string>> {
  const parsed = v.safeParse(Index, await readJson(file));
  if (!parsed.success || Object.keys(parsed.output.weight_map).length === 0) {
    throw new TunesmithError({ code: 'index_invalid', values: { file: file.name } });
  }
  const { weight_map: map } = parsed.output;
  for (const name of new Set(Object.values(map))) {
    // Shards are beside the index. No program that writes checkpoints uses a path to another folder, so such a name is
    // refused.
    if (!/^[^/\\\0]+\.safetensors$/.test(name) || name.startsWith('.')) {
      throw new TunesmithError({
        code: 'index_invalid',
        values: { file: file.name, name: JSON.stringify(name) },
      });
    }
  }
  return new Map(Object.entries(map));
}

function shard(folder: ModelFolder, name: string): FileReader {
  const file = folder.get(name);
  if (file) return file;
  throw new TunesmithError({
    code: 'model_shard_missing',
    values: { name, index: INDEX_FILE },
    detail: `found: ${[...folder.keys()].join(', ')}`,
  });
}

function tensorsOf(
  headers: readonly (readonly [FileReader, SafetensorsHeader])[],
): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>();
  for (const [file, header] of headers) {
    for (const [name, info] of header.tensors) {
      const other = tensors.get(name)?.file;
      if (other) {
        throw new TunesmithError({
          code: 'tensor_twice',
          values: { name, file: file.name, other: other.name },
        });
      }
      tensors.set(name, { name, file, ...info });
    }
  }
  return tensors;
}

/**
 * Throws `index_differs` if the index and the shards disagree on a tensor that counts. Ignores computed buffers and the
 * head: config.json decides whether the model needs the head.
 */
function checkIndex(shardOf: ReadonlyMap<string, string>, tensors: ReadonlyMap<string, StoredTensor>): void {
  const counts = (name: string): boolean => !isComputedBuffer(name) && name !== 'lm_head.weight';
  for (const [name, file] of shardOf) {
    const found = tensors.get(name)?.file.name;
    if (found !== file && (counts(name) || found !== undefined)) {
      throw differs(message('index_tensor', { index: INDEX_FILE, name, file, found: found ?? null }));
    }
  }
  for (const [name, { file }] of tensors) {
    if (!shardOf.has(name) && counts(name))
      throw differs(message('index_lacks', { index: INDEX_FILE, name, file: file.name }));
  }
}

function differs(fault: Message): TunesmithError {
  return new TunesmithError({ code: 'index_differs', values: { fault } });
}
