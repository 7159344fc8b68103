import { bytesOf } from '../../../src/core/bytes';
import { f32ToBf16, f32ToF16 } from '../../../src/core/dtype';
import { uniform } from '../../../src/core/random';
import { writeSafetensors, type TensorBytes } from '../../../src/formats/safetensors';
import { readSpec } from '../../../src/models/config';
import type { FileReader } from '../../../src/models/folder';
import { checkpointTensors } from '../../../src/models/spec';

/** The config of a tiny Llama. */
export const CONFIG = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  hidden_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  intermediate_size: 128,
  vocab_size: 96,
  max_position_embeddings: 256,
};

export type NamedTensor = TensorBytes & { readonly name: string };

export type MadeDtype = 'F32' | 'F16' | 'BF16';

/** Random weights for a config, the same each time. */
export function madeUpTensors(config: object, dtype: MadeDtype = 'BF16'): NamedTensor[] {
  return checkpointTensors(readSpec(config)).map(({ name, shape }, index) => {
    const size = shape.reduce((product, length) => product * length, 1);
    const values = Float32Array.from({ length: size }, (_, i) => valueAt(index, i));
    const data = dtype === 'F32' ? values : dtype === 'F16' ? f32ToF16(values) : f32ToBf16(values);
    return { name, dtype, shape, data: bytesOf(data) };
  });
}

export const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** A checkpoint's folder in memory; `files` are added to the small ones, or left out where they are undefined. */
export function folderOf(
  files: Readonly<Record<string, Uint8Array | undefined>>,
  config: object = CONFIG,
): Map<string, FileReader> {
  const small = {
    'config.json': json(config),
    'tokenizer.json': json({}),
    'tokenizer_config.json': json({}),
  };
  const all: Readonly<Record<string, Uint8Array | undefined>> = { ...small, ...files };
  return new Map(
    Object.entries(all).flatMap(([name, bytes]) => (bytes ? [[name, memoryFile(name, bytes)]] : [])),
  );
}

export function memoryFile(name: string, bytes: Uint8Array): FileReader {
  return {
    name,
    size: bytes.length,
    read: (begin, end) => Promise.resolve(new Uint8Array(bytes.subarray(begin, end))),
  };
}

/** Shards of the tensors, one after the other, with their index. */
export function shardsOf(tensors: readonly NamedTensor[], count: number): Record<string, Uint8Array> {
  const files: Record<string, Uint8Array> = {};
  const weight_map: Record<string, string> = {};
  const size = Math.ceil(tensors.length / count);
  for (let shard = 0; shard < count; shard++) {
    const name = `model-0000${shard + 1}-of-0000${count}.safetensors`;
    const own = tensors.slice(shard * size, (shard + 1) * size);
    for (const tensor of own) weight_map[tensor.name] = name;
    files[name] = writeSafetensors(own);
  }
  return { ...files, 'model.safetensors.index.json': json({ metadata: {}, weight_map }) };
}

function valueAt(stream: number, index: number): number {
  return (uniform(1, stream, index) - 0.5) / 8;
}
