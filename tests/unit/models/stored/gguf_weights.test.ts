import { describe, expect, test } from 'vitest';
import { bytesOf, sha256Hex } from '../../../../src/core/bytes';
import { TunesmithError } from '../../../../src/core/errors';
import { inEnglish } from '../../../../src/core/messages/english';
import { readGgufHeader, type GgufHeader, type GgufTensor } from '../../../../src/formats/gguf';
import { loadTokenizer } from '../../../../src/data/tokenizer';
import { readSpec } from '../../../../src/models/config';
import { openCheckpoint } from '../../../../src/models/files';
import { DEFAULTS } from '../../../../src/core/settings/settings';
import { ggufFolder } from '../../../../src/models/gguf_folder';
import { loadNotes } from '../../../../src/models/load_notes';
import type { ModelSpec } from '../../../../src/models/spec';
import { ggufSpec, ggufWeights, readRopeFactors } from '../../../../src/models/stored/gguf_weights';
import { fixture, memoryFile, shapeOf, TINY_CONFIG, tinySpec, valuesOf } from './tiny';

const { bytes, values } = fixture('gguf');
const file = memoryFile(bytes, 'tiny.gguf');

async function open(): Promise<GgufHeader> {
  return await readGgufHeader(file);
}

describe('a file of llama.cpp’s own tools', () => {
  test('gives the values that gguf dequantises, in the order of Transformers', async () => {
    const stored = ggufWeights(tinySpec, await open(), file);
    expect([...stored.keys()].sort()).toEqual(Object.keys(values).sort());
    for (const [name, digest] of Object.entries(values)) {
      const numbers = await valuesOf(stored.get(name)!, ...shapeOf(tinySpec, name));
      expect(await sha256Hex(bytesOf(numbers)), name).toBe(digest);
    }
  });

  test('runs what has kernels as it is stored', async () => {
    const kinds = Object.fromEntries(
      [...ggufWeights(tinySpec, await open(), file)].map(([name, { kind }]) => [name, kind]),
    );
    const layer = 'model.layers.0';
    expect(kinds).toMatchObject({
      'model.embed_tokens.weight': 'requantised',
      'model.norm.weight': 'dense',
      [`${layer}.self_attn.q_proj.weight`]: 'packed',
      [`${layer}.self_attn.v_proj.weight`]: 'packed',
      [`${layer}.self_attn.o_proj.weight`]: 'requantised',
      [`${layer}.mlp.gate_proj.weight`]: 'dense',
      [`${layer}.mlp.down_proj.weight`]: 'requantised',
    });
  });

  test('opens as a checkpoint, Llama 3’s scaling from its factors', async () => {
    const { spec, stored, tokenizer } = await openCheckpoint(new Map([[file.name, file]]));
    const { rotary, ...others } = spec;
    expect(others).toEqual({ ...tinySpec, rmsNormEps: Math.fround(1e-6), rotary: undefined });
    expect(rotary).toMatchObject([{ theta: 500_000, scaling: { type: 'llama3', factor: 8 } }]);
    expect(stored.size).toBe(Object.keys(values).length);
    expect(loadTokenizer(tokenizer).encode('abA')).toEqual([4, 7, 3]);
  });

  test('has notes on what loading makes of its types', async () => {
    const checkpoint = await openCheckpoint(new Map([[file.name, file]]));
    const notes = (change: Partial<typeof DEFAULTS>): readonly string[] =>
      loadNotes(checkpoint, { ...DEFAULTS, ...change }).map(inEnglish);
    expect(notes({})).toEqual([
      'Layers in Q5_0, Q5_1 can’t run as stored: loading unpacks them and quantises them again to NF4.',
      'Layers in BF16, F16 are quantised to NF4, because load_in_4bit is on. Switch it off to keep them as the file stores them.',
      'The embedding or the head is in Q8_0: loading unpacks it to float16.',
    ]);
    expect(notes({ load_in_4bit: false, dtype: 'float32' })).toEqual([
      'Layers in Q5_0, Q5_1 can’t run as stored: loading unpacks them and keeps them in float32.',
      'The embedding or the head is in Q8_0: loading unpacks it to float32.',
    ]);
  });

  test('has factors for its rotary frequencies', async () => {
    const factors = await readRopeFactors(await open(), file);
    expect(factors?.[0]).toBe(1);
    expect(factors?.at(-1)).toBe(8);
    expect(await readRopeFactors({ ...(await open()), tensors: new Map() }, file)).toBeUndefined();
  });
});

test('rows of q and k can be read at any byte', async () => {
  const weight = ggufWeights(tinySpec, await open(), file).get('model.layers.0.self_attn.q_proj.weight');
  if (weight?.kind !== 'packed' || !('copy' in weight.buffers['codes']!)) throw new Error('q is not packed');
  const { file: rows, begin, end } = weight.buffers['codes'].copy;
  const whole = await rows.read(begin, end);
  for (const [first, last] of [
    [0, 1],
    [33, 35],
    [300, 1088],
    [543, 545],
    [1087, 1088],
  ] as const) {
    expect(await rows.read(begin + first, begin + last)).toEqual(whole.slice(first, last));
  }
});

test('norms have Gemma’s offset added already', () => {
  expect(ggufSpec({ ...tinySpec, normOffset: 1 }).normOffset).toBe(0);
});

function withTensor(header: GgufHeader, name: string, tensor: Partial<GgufTensor>): GgufHeader {
  const known = header.tensors.get(name) ?? { type: 'F32', shape: [1], begin: 0, end: 4 };
  return { ...header, tensors: new Map([...header.tensors, [name, { ...known, ...tensor }]]) };
}

const V = 'blk.0.attn_v.weight';
const Q = 'blk.0.attn_q.weight';

interface Refusal {
  readonly what: string;
  readonly code: string;
  readonly named: string;
  readonly change: (header: GgufHeader) => GgufHeader;
  readonly spec?: ModelSpec;
}

const refusals: readonly Refusal[] = [
  {
    what: 'a type without values here',
    code: 'gguf_type_unsupported',
    named: `${V} as IQ2_XS`,
    change: (header) => withTensor(header, V, { type: 'IQ2_XS' }),
  },
  {
    what: 'a packed norm',
    code: 'gguf_type_unsupported',
    named: 'output_norm.weight as Q8_0',
    change: (header) => withTensor(header, 'output_norm.weight', { type: 'Q8_0' }),
  },
  {
    what: 'another shape',
    code: 'tensor_shape',
    named: V,
    change: (header) => withTensor(header, V, { shape: [32, 16] }),
  },
  {
    what: 'q in another shape',
    code: 'tensor_shape',
    named: Q,
    change: (header) => withTensor(header, Q, { shape: [16, 64] }),
  },
  {
    what: 'a layer too many',
    code: 'tensor_unexpected',
    named: 'blk.1.attn_q.weight',
    change: (header) => withTensor(header, 'blk.1.attn_q.weight', {}),
  },
  {
    what: 'experts',
    code: 'tensor_unexpected',
    named: 'ffn_gate_exps',
    change: (header) => withTensor(header, 'blk.0.ffn_gate_exps.weight', {}),
  },
  {
    what: 'further files',
    code: 'gguf_split',
    named: '3 files',
    change: (header) => ({ ...header, metadata: new Map([...header.metadata, ['split.count', 3]]) }),
  },
  {
    what: 'a norm without a name in GGUF files',
    code: 'gguf_architecture_unsupported',
    named: 'llama',
    change: (header) => header,
    spec: { ...readSpec(TINY_CONFIG), finalNorm: { name: 'norm' } },
  },
];

test.each(refusals)('$what is refused by name', async ({ code, named, change, spec = tinySpec }) => {
  const header = change(await open());
  let error: unknown;
  try {
    ggufWeights(spec, header, file);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(TunesmithError);
  expect([(error as TunesmithError).code, (error as TunesmithError).message]).toEqual([
    code,
    expect.stringContaining(named),
  ]);
});

test('factors of another type are refused', async () => {
  const header = withTensor(await open(), 'rope_freqs.weight', { type: 'F16' });
  await expect(readRopeFactors(header, file)).rejects.toMatchObject({ code: 'gguf_rope_factors' });
});

test('a number beyond all sizes in the metadata is refused like another', async () => {
  const { metadata, tensors } = await open();
  const huge = new Map([...metadata, ['llama.block_count', 2n ** 63n]]);
  const ropeFactors = await readRopeFactors(await open(), file);
  expect(() => ggufFolder({ metadata: huge, tensors, ropeFactors })).toThrow(`block_count is "${2n ** 63n}"`);
});
