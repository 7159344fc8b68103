import { readFileSync } from 'node:fs';
import { f16ToF32, floatsOf, type FloatDtype } from '../../../../src/core/dtype';
import { dequantizeGgml } from '../../../../src/formats/ggml/rows';
import type { GgmlPacked } from '../../../../src/formats/ggml/types';
import { dequantizeAbsmax, dequantizeNF4 } from '../../../../src/formats/nf4';
import { parseHeader } from '../../../../src/formats/safetensors';
import { readSpec } from '../../../../src/models/config';
import type { FileReader } from '../../../../src/models/folder';
import { checkpointTensors, type ModelSpec } from '../../../../src/models/spec';
import type { BufferSource, StoredTensor, StoredWeight } from '../../../../src/models/stored/stored_weight';
import { packedBuffers } from '../../../../src/ops/packings/packed';
import type { Packing } from '../../../../src/ops/weight';
import { dequantizeAwq, dequantizeGptq } from '../../../ops/weights/grouped_values';

interface Checkpoint {
  /** Base64. */
  readonly file: string;
  /** SHA-256 of the float32 values of weights, by name. */
  readonly values: Readonly<Record<string, string>>;
}

interface Fixtures extends Record<string, unknown> {
  readonly blocks: Readonly<Record<string, { readonly bytes: string; readonly values: string }>>;
}

/** The fixtures of make_packed_fixtures.py. */
export const fixtures = JSON.parse(
  readFileSync(new URL('../../formats/fixtures/packed.json', import.meta.url), 'utf8'),
) as Fixtures;

export function fixture(name: string): {
  bytes: Uint8Array<ArrayBuffer>;
  values: Readonly<Record<string, string>>;
} {
  const { file, values } = fixtures[name] as Checkpoint;
  return { bytes: new Uint8Array(Buffer.from(file, 'base64')), values };
}

/** config.json of the fixtures' models. */
export const TINY_CONFIG = {
  architectures: ['LlamaForCausalLM'],
  hidden_size: 32,
  intermediate_size: 64,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  head_dim: 16,
  vocab_size: 8,
  max_position_embeddings: 64,
  tie_word_embeddings: true,
};

export const tinySpec: ModelSpec = readSpec(TINY_CONFIG);

export function memoryFile(bytes: Uint8Array<ArrayBuffer>, name = 'model.safetensors'): FileReader {
  return { name, size: bytes.length, read: (begin, end) => Promise.resolve(bytes.slice(begin, end)) };
}

export function tensorsOf(bytes: Uint8Array<ArrayBuffer>): Map<string, StoredTensor> {
  const file = memoryFile(bytes);
  return new Map(
    [...parseHeader(bytes, bytes.length, file.name).tensors].map(([name, info]) => [
      name,
      { name, file, ...info },
    ]),
  );
}

export function shapeOf(spec: ModelSpec, name: string): readonly [number, number] {
  const [out = 0, input = 1] = checkpointTensors(spec).find((tensor) => tensor.name === name)?.shape ?? [];
  return [out, input];
}

/** The values that a stored weight stands for, from the bytes that the device would get. */
export async function valuesOf(weight: StoredWeight, out: number, input: number): Promise<Float32Array> {
  if (weight.kind === 'dense') {
    const { file, begin, end, dtype } = weight.tensor;
    return floatsOf(dtype as FloatDtype, await file.read(begin, end));
  }
  if (weight.kind === 'requantised') {
    const half = Math.floor(out / 2);
    return Float32Array.of(...(await weight.rows(0, half)), ...(await weight.rows(half, out - half)));
  }
  const sizes = packedBuffers(weight.packing, out, input);
  const codes = await contentOf(weight.buffers['codes'], sizes.codes);
  const scales = await contentOf(weight.buffers['scales'], sizes.scales);
  return unpacked(weight.packing, codes, new Uint32Array(scales.buffer), out, input);
}

async function contentOf(
  source: BufferSource | undefined,
  bytes: number | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  if (source?.bytes !== bytes) throw new Error(`a buffer has ${source?.bytes} bytes instead of ${bytes}`);
  if (!source) return new Uint8Array(0);
  if ('make' in source) return await source.make();
  return await source.copy.file.read(source.copy.begin, source.copy.end);
}

function unpacked(
  packing: Packing,
  codes: Uint8Array<ArrayBuffer>,
  scales: Uint32Array<ArrayBuffer>,
  out: number,
  input: number,
): Float32Array {
  const words = new Uint32Array(codes.buffer);
  switch (packing.format) {
    case 'nf4': {
      const count = out * input;
      const blocks = Math.ceil(count / packing.blockSize);
      const floats = new Float32Array(scales.buffer);
      const nested = Math.ceil(blocks / packing.nestedBlockSize);
      const absmax = packing.doubleQuant
        ? dequantizeAbsmax({
            nestedQuantMap: floats.slice(0, 256),
            offset: floats[256]!,
            nestedAbsmax: floats.slice(320, 320 + nested),
            absmax: new Uint8Array(scales.buffer, (320 + nested) * 4, blocks).slice(),
          })
        : floats;
      return dequantizeNF4(codes, absmax, count, packing.blockSize);
    }
    case 'gptq': {
      const { groupSize, actOrder } = packing;
      const tables = groupedTables(scales, Math.ceil(input / groupSize), out);
      const groupOf = actOrder ? tables.rest : Uint32Array.from({ length: input }, (_, k) => k / groupSize);
      return dequantizeGptq({ out, in: input, qweight: words, groupOf, ...tables });
    }
    case 'awq': {
      const { groupSize } = packing;
      const tables = groupedTables(scales, Math.ceil(input / groupSize), out);
      return dequantizeAwq({ out, in: input, groupSize, qweight: words, ...tables });
    }
    default:
      return dequantizeGgml(packing.format.toUpperCase() as GgmlPacked, codes);
  }
}

function groupedTables(
  words: Uint32Array<ArrayBuffer>,
  groups: number,
  out: number,
): { scales: Float32Array; qzeros: Uint32Array; rest: Uint32Array } {
  const zero = (groups * out) / 2;
  const end = zero + (groups * out) / 8;
  const scales = f16ToF32(new Uint16Array(words.buffer, 0, groups * out));
  return { scales, qzeros: words.subarray(zero, end), rest: words.subarray(end) };
}
