import { expect, test } from 'vitest';
import { bytesOf, concatBytes, sha256Hex } from '../../../src/core/bytes';
import { dtypeBits } from '../../../src/core/dtype';
import { readGgufHeader } from '../../../src/formats/gguf';
import { ggmlFormat } from '../../../src/formats/ggml/types';
import { parseHeader, readTensors, writeSafetensors } from '../../../src/formats/safetensors';
import { checkUnexpected, checkWeights } from '../../../src/models/check_tensors';
import { openCheckpoint } from '../../../src/models/files';
import { modelLayout, type StoredForm } from '../../../src/models/layout';
import { INDEX_FILE, readTensorFiles } from '../../../src/models/shards';
import { storedWeights } from '../../../src/models/stored/safetensors_weights';
import type { StoredWeights } from '../../../src/models/stored/stored_weight';
import { fixture, memoryFile, shapeOf, tensorsOf, tinySpec, valuesOf } from '../models/stored/tiny';
import { mutateBytes, mutateJson, type Draw } from './mutate';
import { check, fuzz, TIMEOUT } from './run';

const safetensors = fixture('gptq').bytes;

/** Bytes of the length and the header of a safetensors file. */
function headerBytes(bytes: Uint8Array): number {
  return 8 + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
}

/** A safetensors file with another header, at the right length of it. */
function withHeader(bytes: Uint8Array, json: Uint8Array): Uint8Array<ArrayBuffer> {
  return concatBytes([
    new Uint8Array(BigUint64Array.of(BigInt(json.length)).buffer),
    json,
    bytes.subarray(headerBytes(bytes)),
  ]);
}

/** Bytes changed anywhere in the header, or values changed in its JSON. */
function mutateSafetensors(bytes: Uint8Array, draw: Draw): Uint8Array<ArrayBuffer> {
  if (draw.below(2) === 0) return mutateBytes(bytes, draw, headerBytes(bytes));
  const text = new TextDecoder().decode(bytes.subarray(8, headerBytes(bytes)));
  const json = new TextEncoder().encode(JSON.stringify(mutateJson(JSON.parse(text), draw)));
  return withHeader(bytes, draw.below(4) === 0 ? mutateBytes(json, draw) : json);
}

test('safetensors headers', { timeout: TIMEOUT }, async () => {
  await fuzz('safetensors', (draw) => {
    const bytes = mutateSafetensors(safetensors, draw);
    const { tensors } = parseHeader(bytes, bytes.length);
    let end = headerBytes(bytes);
    for (const [name, tensor] of tensors) {
      const size = tensor.shape.reduce((product, length) => product * length, 1);
      check(tensor.begin === end, `${name} does not follow the one before`);
      check((tensor.end - tensor.begin) * 8 === size * dtypeBits(tensor.dtype), `${name} has another size`);
      end = tensor.end;
    }
    check(end === bytes.length, 'bytes are left over');
    // Written again it means the same.
    const { tensors: read, metadata } = readTensors(bytes);
    const again = writeSafetensors(
      [...read].map(([name, tensor]) => ({ name, ...tensor })),
      metadata,
    );
    expect(readTensors(again).tensors.size).toBe(tensors.size);
  });
});

test('shards and their index', { timeout: TIMEOUT }, async () => {
  const { tensors } = readTensors(safetensors);
  const entries = [...tensors].map(([name, tensor]) => ({ name, ...tensor }));
  const shards = [entries.slice(0, 9), entries.slice(9)].map((part) => writeSafetensors(part));
  const nameOf = (index: number): string => `model-0000${index + 1}-of-00002.safetensors`;
  const weightMap = Object.fromEntries(entries.map(({ name }, index) => [name, nameOf(index < 9 ? 0 : 1)]));
  const index = { metadata: { total_size: safetensors.length }, weight_map: weightMap };
  await fuzz('index', async (draw) => {
    const changed = new TextEncoder().encode(JSON.stringify(mutateJson(index, draw)));
    const text = draw.below(3) === 0 ? mutateBytes(changed, draw) : Uint8Array.from(changed);
    const files = shards.map((bytes, i) => memoryFile(Uint8Array.from(bytes), nameOf(i)));
    const folder = new Map([memoryFile(text, INDEX_FILE), ...files].map((file) => [file.name, file]));
    const found = await readTensorFiles(folder);
    check(found !== undefined, 'there is an index');
    // Only what says the same may pass: each tensor once, where it really is.
    expect([...found.tensors.keys()].sort()).toEqual(entries.map(({ name }) => name).sort());
    for (const [name, { file }] of found.tensors) expect(file.name).toBe(weightMap[name]);
  });
});

const CONFIGS: readonly [NamedConfig, ...NamedConfig[]] = [
  { name: 'gptq', config: { quant_method: 'gptq', bits: 4, group_size: 32, desc_act: false, sym: true } },
  { name: 'gptq_act_order', config: { quant_method: 'gptq', bits: 4, group_size: 16, desc_act: true } },
  {
    name: 'awq',
    config: { quant_method: 'awq', bits: 4, group_size: 32, zero_point: true, version: 'gemm' },
  },
  {
    name: 'bitsandbytes',
    config: { quant_method: 'bitsandbytes', load_in_4bit: true, bnb_4bit_quant_type: 'nf4' },
  },
];

interface NamedConfig {
  readonly name: string;
  readonly config: object;
}

/** Accepted weights fit the spec, and can be read completely. */
async function checkStored(stored: StoredWeights): Promise<void> {
  const formOf = (name: string): StoredForm => {
    const weight = stored.get(name);
    return weight?.kind === 'packed' ? weight.packing : 'f32';
  };
  const load = { load_in_4bit: false, bnb_4bit_use_double_quant: false, dtype: 'auto' as const };
  modelLayout(tinySpec, formOf, load, 2 ** 27);
  for (const [name, weight] of stored) {
    const [out, input] = shapeOf(tinySpec, name);
    const values = await valuesOf(weight, out, input);
    check(values.length === out * input, `${name} has ${values.length} values`);
  }
}

test('quantised checkpoints', { timeout: TIMEOUT }, async () => {
  await fuzz('quantised', async (draw) => {
    const { name, config } = draw.of(CONFIGS);
    const { bytes } = fixture(name);
    const tensors = tensorsOf(mutateSafetensors(bytes, draw));
    const stored = storedWeights(tinySpec, config, tensors);
    checkWeights(tinySpec, stored);
    checkUnexpected(tinySpec, stored, tensors);
    await checkStored(stored);
  });
});

test('quantization_config', { timeout: TIMEOUT }, async () => {
  await fuzz('quantization_config', async (draw) => {
    const { name, config } = draw.of(CONFIGS);
    const { bytes } = fixture(name);
    const tensors = tensorsOf(bytes);
    const stored = storedWeights(tinySpec, mutateJson(config, draw), tensors);
    checkWeights(tinySpec, stored);
    checkUnexpected(tinySpec, stored, tensors);
    await checkStored(stored);
  });
});

test('quant_state of bitsandbytes', { timeout: TIMEOUT }, async () => {
  const { bytes, values } = fixture('bitsandbytes');
  const { tensors } = readTensors(bytes);
  const weight = 'model.layers.0.mlp.up_proj.weight';
  const part = `${weight}.quant_state.bitsandbytes__nf4`;
  const state = JSON.parse(new TextDecoder().decode(tensors.get(part)?.data)) as { nested_offset: number };
  await fuzz('quant_state', async (draw) => {
    const json = mutateJson(state, draw);
    const text = new TextEncoder().encode(JSON.stringify(json));
    const data = draw.below(3) === 0 ? mutateBytes(text, draw) : text;
    tensors.set(part, { dtype: 'U8', shape: [data.length], data });
    const file = writeSafetensors([...tensors].map(([name, tensor]) => ({ name, ...tensor })));
    const stored = storedWeights(tinySpec, { quant_method: 'bitsandbytes' }, tensorsOf(file)).get(weight);
    check(stored?.kind === 'packed', 'it is packed');
    const found = await valuesOf(stored, ...shapeOf(tinySpec, weight));
    // The offset is the one number that the weights do not tell as well.
    const said = JSON.parse(new TextDecoder().decode(data)) as { nested_offset: number };
    const same = said.nested_offset === state.nested_offset;
    if (same) expect(await sha256Hex(bytesOf(found))).toBe(values[weight]);
  });
});

test('GGUF headers', { timeout: TIMEOUT }, async () => {
  const { bytes } = fixture('gguf');
  const first = (await readGgufHeader(memoryFile(bytes))).tensors.values().next().value?.begin ?? 0;
  await fuzz('gguf', async (draw) => {
    const changed = mutateBytes(bytes, draw, first);
    const { tensors, metadata } = await readGgufHeader(memoryFile(changed, 'model.gguf'));
    let end = 0;
    for (const [name, tensor] of tensors) {
      const block = ggmlFormat(tensor.type);
      const size = tensor.shape.reduce((product, length) => product * length, 1);
      check(tensor.begin >= end && tensor.end <= changed.length, `${name} lies elsewhere`);
      check((tensor.end - tensor.begin) * block.elements === size * block.bytes, `${name} has another size`);
      end = tensor.end;
    }
    check(metadata.size < changed.length, 'there is more metadata than bytes');
  });
});

test('GGUF checkpoints', { timeout: TIMEOUT }, async () => {
  const { bytes } = fixture('gguf');
  const first = (await readGgufHeader(memoryFile(bytes))).tensors.values().next().value?.begin ?? 0;
  await fuzz('gguf checkpoint', async (draw) => {
    const file = memoryFile(mutateBytes(bytes, draw, first), 'model.gguf');
    const { spec, stored } = await openCheckpoint(new Map([[file.name, file]]));
    for (const [name, weight] of stored) {
      const [out, input] = shapeOf(spec, name);
      const values = await valuesOf(weight, out, input);
      check(values.length === out * input, `${name} has ${values.length} values`);
    }
  });
});
