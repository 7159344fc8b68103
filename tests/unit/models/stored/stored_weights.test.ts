import { describe, expect, test } from 'vitest';
import { bytesOf, sha256Hex } from '../../../../src/core/bytes';
import { TunesmithError } from '../../../../src/core/errors';
import { readTensors, writeSafetensors, type TensorBytes } from '../../../../src/formats/safetensors';
import { modelLayout, type StoredForm } from '../../../../src/models/layout';
import { storedWeights } from '../../../../src/models/stored/safetensors_weights';
import type { StoredWeights } from '../../../../src/models/stored/stored_weight';
import { fixture, shapeOf, tensorsOf, tinySpec, valuesOf } from './tiny';

const GPTQ = { quant_method: 'gptq', bits: 4, group_size: 32, desc_act: false, sym: true };

const CONFIGS: Readonly<Record<string, object>> = {
  bitsandbytes: { quant_method: 'bitsandbytes', load_in_4bit: true, bnb_4bit_quant_type: 'nf4' },
  bitsandbytes_plain: { load_in_4bit: true },
  bitsandbytes_long: { quant_method: 'bitsandbytes', _load_in_4bit: true, _load_in_8bit: false },
  gptq: GPTQ,
  gptq_act_order: { ...GPTQ, group_size: 16, desc_act: true },
  gptq_v2: { ...GPTQ, group_size: -1, checkpoint_format: 'gptq_v2' },
  awq: { quant_method: 'awq', bits: 4, group_size: 32, zero_point: true, version: 'GEMM' },
};

function open(name: string, bytes = fixture(name).bytes, config: unknown = CONFIGS[name]): StoredWeights {
  return storedWeights(tinySpec, config, tensorsOf(bytes));
}

describe.each(Object.keys(CONFIGS))('%s', (name) => {
  test('gives the values that its own library dequantises', async () => {
    const { values } = fixture(name);
    const stored = open(name);
    expect(Object.keys(values).length).toBeGreaterThan(5);
    for (const [weight, digest] of Object.entries(values)) {
      const found = stored.get(weight);
      expect(found?.kind, weight).toBe('packed');
      const numbers = found && (await valuesOf(found, ...shapeOf(tinySpec, weight)));
      expect(numbers && (await sha256Hex(bytesOf(numbers))), weight).toBe(digest);
    }
  });

  test('leaves the others dense', () => {
    const { values } = fixture(name);
    const dense = [...open(name)].filter(([weight]) => !(weight in values));
    expect(dense.length).toBeGreaterThan(3);
    for (const [weight, { kind }] of dense) expect(kind, weight).toBe('dense');
  });
});

test('bitsandbytes leaves skipped modules as they are', () => {
  const stored = open('bitsandbytes_plain');
  expect(stored.get('model.layers.0.self_attn.o_proj.weight')).toMatchObject({ kind: 'dense', kept: true });
  const formOf = (name: string): StoredForm => {
    const weight = stored.get(name);
    if (weight?.kind === 'packed') return weight.packing;
    return weight?.kind === 'dense' && weight.kept ? { kept: 'f32' } : 'f32';
  };
  const load = { load_in_4bit: true, bnb_4bit_use_double_quant: true, dtype: 'auto' as const };
  const { tensors } = modelLayout(tinySpec, formOf, load, 2 ** 27);
  expect(tensors.get('model.layers.0.self_attn.o_proj.weight')?.kind).toBe('dense');
  expect(tensors.get('model.layers.0.self_attn.q_proj.weight')?.kind).toBe('packed');
});

test.each([
  ['an unknown method', { quant_method: 'aqlm' }, 'aqlm'],
  ['fp8', { quant_method: 'fp8' }, 'fp8'],
  ['no method', { bits: 4 }, 'null'],
  ['no config of quantised weights', {}, 'qweight'],
  ['8 bits of bitsandbytes', { quant_method: 'bitsandbytes', load_in_8bit: true }, 'load_in_8bit'],
  [
    'fp4',
    { quant_method: 'bitsandbytes', load_in_4bit: true, bnb_4bit_quant_type: 'fp4' },
    'bnb_4bit_quant_type = "fp4"',
  ],
  ['GPTQ of 8 bits', { ...GPTQ, bits: 8 }, 'bits = 8'],
  ['GPTQ for Marlin', { ...GPTQ, checkpoint_format: 'marlin' }, 'checkpoint_format = "marlin"'],
  ['GPTQ once for Marlin', { ...GPTQ, is_marlin_format: true }, 'is_marlin_format'],
  ['GPTQ of the head', { ...GPTQ, lm_head: true }, 'lm_head'],
  ['GPTQ in other words', { ...GPTQ, pack_dtype: 'int64' }, 'pack_dtype'],
  ['GPTQ with rules', { ...GPTQ, dynamic: { '.*q_proj': { bits: 8 } } }, 'dynamic'],
  ['AWQ of 8 bits', { ...CONFIGS['awq'], bits: 8 }, 'bits = 8'],
  ['AWQ for its other kernel', { ...CONFIGS['awq'], version: 'gemv' }, 'version = "gemv"'],
])('%s is refused by name', (_, config, named) => {
  const error = thrown(() => open('gptq', undefined, config));
  expect(error.code).toBe(named === 'qweight' ? 'quantization_unnamed' : 'quantization_unsupported');
  expect(error.message).toContain(named);
});

test.each([
  ['a text', 'gptq'],
  ['bits that are a text', { ...GPTQ, bits: '4' }],
  ['no bits', { ...GPTQ, bits: undefined }],
  ['a group of 0', { ...GPTQ, group_size: 0 }],
  ['a group of 30', { ...GPTQ, group_size: 30 }],
  ['a group of 1.5', { ...GPTQ, group_size: 1.5 }],
  ['a type that is a number', { ...CONFIGS['bitsandbytes'], bnb_4bit_quant_type: 4 }],
])('%s is no quantization_config', (_, config) => {
  expect(thrown(() => open('gptq', undefined, config)).code).toBe('config_invalid');
});

type Change = (tensors: Map<string, TensorBytes>) => void;

/** The fixture's file with its tensors changed. */
function changed(name: string, change: Change): Uint8Array<ArrayBuffer> {
  const { tensors } = readTensors(fixture(name).bytes);
  change(tensors);
  return writeSafetensors([...tensors].map(([own, tensor]) => ({ name: own, ...tensor })));
}

const Q = 'model.layers.0.self_attn.q_proj';
const remove =
  (part: string): Change =>
  (tensors) => {
    if (!tensors.delete(`${Q}.${part}`)) throw new Error(`there is no ${part}`);
  };
const replace =
  (part: string, dtype: TensorBytes['dtype'], shape: readonly number[], data: Uint8Array): Change =>
  (tensors) => {
    tensors.set(`${Q}.${part}`, { dtype, shape, data });
  };
const words = (...numbers: number[]): Uint8Array => new Uint8Array(Uint32Array.from(numbers).buffer);
const zeros = (bytes: number): Uint8Array => new Uint8Array(bytes);
/** The state of q_proj's weight with a part of its text changed. */
const restate =
  (from: string, to: string): Change =>
  (tensors) => {
    const name = `${Q}.weight.quant_state.bitsandbytes__nf4`;
    const text = new TextDecoder().decode(tensors.get(name)?.data);
    if (!text.includes(from)) throw new Error(`the state has no ${from}: ${text}`);
    const data = new TextEncoder().encode(text.replace(from, to));
    tensors.set(name, { dtype: 'U8', shape: [data.length], data });
  };

test.each<readonly [string, string, string, string, Change]>([
  ['gptq', 'no scales', 'tensor_missing', `${Q}.scales`, remove('scales')],
  ['gptq', 'no zero points', 'tensor_missing', `${Q}.qzeros`, remove('qzeros')],
  ['gptq_act_order', 'no index', 'tensor_missing', `${Q}.g_idx`, remove('g_idx')],
  ['gptq', 'short codes', 'tensor_shape', `${Q}.qweight`, replace('qweight', 'I32', [3, 32], zeros(384))],
  [
    'gptq',
    'scales of other groups',
    'tensor_shape',
    `${Q}.scales`,
    replace('scales', 'F16', [2, 32], zeros(128)),
  ],
  ['gptq', 'scales in f32', 'tensor_dtype', `${Q}.scales`, replace('scales', 'F32', [1, 32], zeros(128))],
  ['gptq', 'codes in bytes', 'tensor_dtype', `${Q}.qweight`, replace('qweight', 'U8', [4, 128], zeros(512))],
  [
    'gptq',
    'a part of another format',
    'tensor_unexpected',
    `${Q}.qscale`,
    replace('qscale', 'F16', [1], zeros(2)),
  ],
  ['gptq', 'an 8-bit bias', 'tensor_dtype', `${Q}.bias`, replace('bias', 'I8', [32], zeros(32))],
  ['awq', 'an index', 'tensor_unexpected', `${Q}.g_idx`, replace('g_idx', 'I32', [32], zeros(128))],
  ['awq', 'short zero points', 'tensor_shape', `${Q}.qzeros`, replace('qzeros', 'I32', [1, 3], zeros(12))],
  ['bitsandbytes', 'no scales', 'tensor_missing', `${Q}.weight.absmax`, remove('weight.absmax')],
  [
    'bitsandbytes',
    'few scales',
    'tensor_shape',
    `${Q}.weight.absmax`,
    replace('weight.absmax', 'U8', [15], zeros(15)),
  ],
  [
    'bitsandbytes',
    'f32 scales',
    'tensor_dtype',
    `${Q}.weight.absmax`,
    replace('weight.absmax', 'F32', [16], zeros(64)),
  ],
  [
    'bitsandbytes',
    'short codes',
    'tensor_shape',
    `${Q}.weight`,
    replace('weight', 'U8', [511, 1], zeros(511)),
  ],
  ['bitsandbytes', '8 bits', 'quantization_unsupported', '8 bits', replace('SCB', 'F32', [32], zeros(128))],
  [
    'bitsandbytes',
    'FP4',
    'quantization_unsupported',
    'FP4',
    replace('weight.quant_state.bitsandbytes__fp4', 'U8', [2], zeros(2)),
  ],
])('%s with %s is refused, naming the tensor', (name, _, code, named, change) => {
  const error = thrown(() => open(name, changed(name, change)));
  expect([error.code, error.message]).toEqual([code, expect.stringContaining(named)]);
});

test.each<readonly [string, string, string, string, Change]>([
  [
    'gptq',
    'a bias of the model’s own',
    'tensor_unexpected',
    `${Q}.bias`,
    replace('bias', 'F32', [32], zeros(128).fill(1)),
  ],
  [
    'gptq',
    'groups out of order',
    'tensor_groups',
    'g_idx[0]',
    replace('g_idx', 'I32', [32], zeros(128).fill(1)),
  ],
  [
    'gptq_act_order',
    'a group beyond',
    'tensor_groups',
    'g_idx[1]',
    replace('g_idx', 'I32', [32], words(0, 2, ...Array<number>(30).fill(0))),
  ],
  [
    'bitsandbytes',
    'other values',
    'quant_map',
    'quant_map',
    replace('weight.quant_map', 'F32', [16], zeros(64)),
  ],
  ['bitsandbytes', 'no map', 'tensor_missing', 'quant_map', remove('weight.quant_map')],
  ['bitsandbytes', 'no nested map', 'tensor_missing', 'nested_quant_map', remove('weight.nested_quant_map')],
  [
    'bitsandbytes',
    'other blocks',
    'quant_state',
    'blocksize',
    restate('"blocksize": 64', '"blocksize": 128'),
  ],
  ['bitsandbytes', 'odd blocks', 'quant_state', 'blocksize', restate('"blocksize": 64', '"blocksize": 65')],
  ['bitsandbytes', 'another shape', 'quant_state', 'shape', restate('[32, 32]', '[16, 64]')],
  ['bitsandbytes', 'FP4 in disguise', 'quant_state', 'quant_type', restate('"nf4"', '"fp4"')],
  ['bitsandbytes', 'no offset', 'quant_state', 'nested_offset', restate('nested_offset', 'offset')],
  ['bitsandbytes', 'half a state', 'quant_state', 'quant_state', restate('{', '[')],
])('%s with %s is refused when its scales are read', async (name, _, code, named, change) => {
  const weight = open(name, changed(name, change)).get(`${Q}.weight`);
  if (weight?.kind !== 'packed') throw new Error('q_proj is not packed');
  const error = await valuesOf(weight, 32, 32).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(TunesmithError);
  expect([(error as TunesmithError).code, (error as TunesmithError).message]).toEqual([
    code,
    expect.stringContaining(named),
  ]);
});

function thrown(run: () => unknown): TunesmithError {
  try {
    run();
  } catch (error) {
    if (error instanceof TunesmithError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

test.each(['BF16', 'F16', 'F32'] as const)('codes of bitsandbytes may be stored as %s', (dtype) => {
  const bytes = changed('bitsandbytes', (tensors) => {
    const { data } = tensors.get(`${Q}.weight`)!;
    const shape = [data.length / (dtype === 'F32' ? 4 : 2), 1];
    tensors.set(`${Q}.weight`, { dtype, shape, data });
  });
  const codes = (stored: ReturnType<typeof open>): unknown => {
    const weight = stored.get(`${Q}.weight`);
    if (weight?.kind !== 'packed') throw new Error('the weight is not packed');
    const { copy } = weight.buffers['codes'] as { copy: { begin: number; end: number } };
    return copy.end - copy.begin;
  };
  expect(codes(open('bitsandbytes', bytes))).toBe(codes(open('bitsandbytes')));
});
