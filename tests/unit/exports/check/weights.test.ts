import { beforeAll, describe, expect, it } from 'vitest';
import { normal } from '../../../../src/core/random';
import { elementCount } from '../../../../src/core/shape';
import {
  floatRounding,
  ggmlRounding,
  gridRounding,
  type Rounding,
} from '../../../../src/exports/check/rounding';
import { checkWeights, type WeightCheck } from '../../../../src/exports/check/weights';
import type { WrittenTensor } from '../../../../src/exports/check/written_tensor';
import type { ExportSource } from '../../../../src/exports/format';
import { mergedRows, type BaseWeights } from '../../../../src/exports/merged/weights';
import { ggmlEncoded } from '../../../../src/formats/ggml/types';
import { adapterLayout, readParameter, writeParameter } from '../../../../src/models/adapters/layout';
import { readSpec } from '../../../../src/models/config';
import type { ModelLayout } from '../../../../src/models/layout';
import { checkpointTensors, type TensorSpec } from '../../../../src/models/spec';

/** Norms that compute x ⊙ (1 + w), and rows of 256, a block of the K-quants. */
const spec = readSpec({
  architectures: ['Gemma3ForCausalLM'],
  model_type: 'gemma3_text',
  vocab_size: 16,
  hidden_size: 256,
  intermediate_size: 256,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  head_dim: 128,
  max_position_embeddings: 64,
  rms_norm_eps: 1e-6,
  hidden_activation: 'gelu_pytorch_tanh',
  tie_word_embeddings: true,
});
const tensors = checkpointTensors(spec);
const layout = adapterLayout(spec, {
  ...{ r: 4, lora_alpha: 8, lora_dropout: 0, use_rslora: false },
  target_modules: 'all-linear',
});
type Values = Float32Array<ArrayBuffer>;

let stream = 0;
function draw(count: number, size: number): Values {
  stream++;
  return Float32Array.from({ length: count }, (_, i) => size * normal(1, stream, i));
}

const weights = new Map(tensors.map(({ name, shape }) => [name, draw(elementCount(shape), 0.03)]));
const base: BaseWeights = {
  rows: ({ name, shape: [, input = 0] }, { first, count }) =>
    Promise.resolve(weights.get(name)!.slice(first * input, (first + count) * input)),
  vector: ({ name }) => Promise.resolve(weights.get(name)!.slice()),
};

/** An adapter whose changes of the weights have about this root mean square. */
function sourceOf(change: number): ExportSource {
  const parameters = new Float32Array(layout.size);
  // A pair of rank 4 and scale 2 with factors of size s changes a weight by 2 · √4 · s².
  for (const tensor of layout.tensors) {
    const { length } = readParameter(parameters, tensor);
    writeParameter(parameters, tensor, draw(length, Math.sqrt(change / 4)));
  }
  return { layout: { spec } as ModelLayout, adapter: { layout, parameters } } as ExportSource;
}

const int4 = gridRounding({
  block: 32,
  steps: 15,
  isSymmetric: false,
  rounded(values) {
    const result = values.slice();
    for (let first = 0; first < values.length; first += 32) {
      const block = values.subarray(first, first + 32);
      const low = Math.min(0, ...block);
      const step = (Math.max(0, ...block) - low) / 15;
      const zero = Math.round(-low / step);
      block.forEach((value, i) => {
        result[first + i] = (Math.min(15, Math.max(0, Math.round(value / step) + zero)) - zero) * step;
      });
    }
    return result;
  },
});

/** A writer's mistake with a tensor; undefined if it leaves the tensor as it is. */
type Mistake = (tensor: TensorSpec, values: Values) => Values | undefined;

/** A tensor as a writer rounds it. */
async function roundedTensor(from: TensorSpec, values: Values, rounding: Rounding): Promise<WrittenTensor> {
  const isVector = from.kind === 'vector';
  const own = isVector ? floatRounding('F32') : rounding;
  const width = isVector ? 1 : from.shape[1]!;
  const stored = await own.rounded(values, width);
  return {
    ...{ name: from.name, from, rounding: own, ...(from.add && { add: from.add }) },
    rows: (first, count) => Promise.resolve(stored.slice(first * width, (first + count) * width)),
  };
}

/** The values of a tensor with the adapter, before they are rounded. */
async function exactOf(source: ExportSource, from: TensorSpec, below: BaseWeights): Promise<Values> {
  const values = new Float32Array(elementCount(from.shape));
  let at = 0;
  for await (const rows of mergedRows(source, from, below)) {
    values.set(rows, at);
    at += rows.length;
  }
  return values;
}

/** All tensors as a writer rounds them. */
async function written(source: ExportSource, rounding: Rounding, below = base): Promise<WrittenTensor[]> {
  return await Promise.all(
    tensors.map(async (from) => await roundedTensor(from, await exactOf(source, from, below), rounding)),
  );
}

const path = (name: string): string => `model.layers.0.${name}.weight`;
const q = path('self_attn.q_proj');
const [gate, up] = [path('mlp.gate_proj'), path('mlp.up_proj')];

const mistakes: readonly [string, Mistake][] = [
  [
    'the rows of a head are interleaved',
    ({ name }, values) => {
      if (name !== q) return undefined;
      const result = values.slice();
      for (let row = 0; row < 64; row++) {
        const from = 256 * ((row % 2) * 32 + (row >> 1));
        result.set(values.subarray(from, from + 256), 256 * row);
      }
      return result;
    },
  ],
  [
    'one block is 0, as without its scale',
    ({ name }, values) => (name === gate ? values.fill(0, 7 * 256, 7 * 256 + 32) : undefined),
  ],
  [
    'one block is its neighbour’s',
    ({ name }, values) => (name === up ? values.copyWithin(9 * 256, 10 * 256, 10 * 256 + 32) : undefined),
  ],
  [
    'a matrix is scaled',
    ({ name }, values) => (name === up ? values.map((value) => 1.5 * value) : undefined),
  ],
  ['the norms are stored with their 1', ({ add }, values) => add && values.map((value) => value + 1)],
  ['a value is not a number', ({ kind }, values) => (kind === 'vector' ? values.fill(NaN, 3, 4) : undefined)],
];

const formats: readonly [string, Rounding][] = [
  ...ggmlEncoded.map((type): [string, Rounding] => [type, ggmlRounding(type)]),
  ['int4 in blocks of 32', int4],
];

describe.each(formats)('weights read back from %s', (_, rounding) => {
  const trained = sourceOf(1e-3);
  const check = async (read: readonly WrittenTensor[], source = trained): Promise<WeightCheck> =>
    await checkWeights(source, read, { base });
  const refused = { code: 'export_differs' };
  let right: WrittenTensor[];
  beforeAll(async () => {
    right = await written(trained, rounding);
  });

  it('are those of base and adapter, whose change they have', async () => {
    const { share, error, errors } = await check(right);
    // Each weight's error is at most 15 times its usual change here, and 200,000 of them average it.
    expect(share).toBeCloseTo(1, 1);
    expect(error).toBeLessThan(0.1);
    expect(errors).toHaveLength(tensors.filter(({ kind }) => kind !== 'vector').length);
  });

  it.each([
    ['tiny', 1e-5],
    ['large', 0.1],
  ])('are those of base and a %s adapter', async (__, change) => {
    const source = sourceOf(change);
    await expect(check(await written(source, rounding), source)).resolves.toBeDefined();
  });

  it('are those of the base if the adapter changes nothing, and have no share', async () => {
    const source = sourceOf(0);
    expect(await check(await written(source, rounding), source)).toMatchObject({ share: undefined });
  });

  it('are refused without the adapter', async () => {
    await expect(check(await written(sourceOf(0), rounding))).rejects.toMatchObject(refused);
  });

  it('are refused if the adapter was added twice', async () => {
    const { adapter } = trained;
    // Both factors times √2.
    const parameters = adapter.parameters.map((value) => value * Math.SQRT2);
    const twice = { ...trained, adapter: { ...adapter, parameters } };
    await expect(check(await written(twice, rounding))).rejects.toMatchObject(refused);
  });

  it.each(mistakes)('are refused if %s', async (__, mistake) => {
    const wrong = right.map(async (tensor) => {
      const values = mistake(tensor.from, await exactOf(trained, tensor.from, base));
      return values ? await roundedTensor(tensor.from, values, rounding) : tensor;
    });
    await expect(check(await Promise.all(wrong))).rejects.toMatchObject(refused);
  });

  it('are refused if gate and up are swapped', async () => {
    const read = (name: string): WrittenTensor => right.find(({ from }) => from.name === name)!;
    const swapped = right.map((tensor) => {
      const { name } = tensor.from;
      return name === gate || name === up
        ? { ...read(name === gate ? up : gate), from: tensor.from }
        : tensor;
    });
    await expect(check(swapped)).rejects.toMatchObject(refused);
  });
});

describe('weights that the base already has in the format’s own steps', () => {
  it.each([
    ['F16', 1e-6],
    ['Q8_0', 1e-5],
    ['Q4_0', 1e-4],
  ] as const)('lose a small adapter when they are rounded to %s again', async (type, change) => {
    const rounding = ggmlRounding(type);
    const source = sourceOf(change);
    const onSteps: BaseWeights = {
      vector: (tensor) => base.vector(tensor),
      rows: async (tensor, run) => await rounding.rounded(await base.rows(tensor, run), tensor.shape[1]!),
    };
    const all = await written(source, rounding, onSteps);
    await expect(checkWeights(source, all, { base: onSteps })).rejects.toMatchObject({
      code: 'export_rounded_away',
    });
  });

  it('keep a usual adapter in F16', async () => {
    const rounding = ggmlRounding('F16');
    const source = sourceOf(1e-3);
    const onSteps: BaseWeights = {
      vector: (tensor) => base.vector(tensor),
      rows: async (tensor, run) => await rounding.rounded(await base.rows(tensor, run), tensor.shape[1]!),
    };
    const { share } = await checkWeights(source, await written(source, rounding, onSteps), { base: onSteps });
    expect(share).toBeCloseTo(1, 2);
  });
});
