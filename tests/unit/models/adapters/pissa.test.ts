import { describe, expect, test } from 'vitest';
import { orthonormalizeRows } from '../../../../src/core/linear_algebra';
import { normal } from '../../../../src/core/random';
import { settingFromText } from '../../../../src/core/settings/settings';
import type { LinearOperator } from '../../../../src/core/truncated_svd';
import { readSpec } from '../../../../src/models/config';
import { adapterLayout, partValues, writeParameter } from '../../../../src/models/adapters/layout';
import { pissa } from '../../../../src/models/adapters/pissa';
import { wholeSettings } from '../../../../src/models/adapters/settings';
import { plainAdapter } from '../../../../src/models/adapters/start';
import { modelLayout } from '../../../../src/models/layout';
import type { ModelLayout, StoredForm } from '../../../../src/models/layout';
import type { StoredWeight } from '../../../../src/models/stored/stored_weight';
import { requireUnquantized, withoutFiles } from '../../../../src/models/unquantized_rows';

const spec = readSpec({
  architectures: ['LlamaForCausalLM'],
  hidden_size: 64,
  num_hidden_layers: 1,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  intermediate_size: 128,
  vocab_size: 320,
  max_position_embeddings: 256,
});
const settings = {
  r: 3,
  lora_alpha: 12,
  lora_dropout: 0,
  use_rslora: false,
  target_modules: 'all-linear' as const,
  init_lora_weights: 'pissa' as const,
};

const random = (count: number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => normal(1, 2, i));

describe('init_lora_weights', () => {
  test.each([
    ['true', true],
    ['pissa', 'pissa'],
    ['pissa_niter_0', 'pissa_niter_0'],
    ['pissa_niter_16', 'pissa_niter_16'],
    ['loftq', 'loftq'],
  ])('takes %s', (text, value) => {
    expect(settingFromText('init_lora_weights', text)).toBe(value);
  });

  test.each(['false', 'olora', 'pissa_niter_', 'pissa_niter_-1', 'pissa_niter_1e3', 'pissa_niter_1000'])(
    'refuses %s',
    (text) => {
      expect(() => settingFromText('init_lora_weights', text)).toThrow(/init_lora_weights must be one of/);
    },
  );

  test.each([
    [{ use_dora: true }, /pissa doesn’t go together with use_dora/],
    [
      { use_rslora: true, rank_pattern: { q_proj: 8 } },
      /doesn’t go together with use_rslora and rank_pattern/,
    ],
    [
      { use_rslora: true, alpha_pattern: { q_proj: 8 } },
      /doesn’t go together with use_rslora and rank_pattern/,
    ],
  ])('pissa is refused with %j', (more, message) => {
    expect(() => adapterLayout(spec, { ...settings, ...more })).toThrow(message);
  });

  test('loftq is refused with use_dora', () => {
    const both = { ...settings, init_lora_weights: 'loftq' as const, use_dora: true };
    expect(() => adapterLayout(spec, both)).toThrow(/loftq doesn’t go together with use_dora/);
  });
});

test.each([false, true])(
  'the start is the principal part of the weight, use_rslora %s',
  async (use_rslora) => {
    const [out, input, rank] = [4, 6, 2];
    // Two known singular values over orthonormal vectors.
    const [U, V] = [random(2 * out), random(2 * input)];
    orthonormalizeRows(U, out);
    orthonormalizeRows(V, input);
    const S = [5, 2];
    const at = (row: number, k: number): number =>
      S.reduce((sum, s, j) => sum + s * U[j * out + row]! * V[j * input + k]!, 0);
    const product = (x: Float32Array, from: number, to: number, value: (i: number, k: number) => number) =>
      Float32Array.from({ length: (x.length / from) * to }, (_, index) => {
        const offset = Math.floor(index / to) * from;
        return Array.from({ length: from }, (_, k) => x[offset + k]! * value(index % to, k)).reduce(
          (a, b) => a + b,
        );
      });
    const weight: LinearOperator = {
      out,
      in: input,
      forward: (x) => Promise.resolve(product(x, input, out, at)),
      backward: (y) => Promise.resolve(product(y, out, input, (k, row) => at(row, k))),
    };
    const scale = use_rslora ? 12 / Math.sqrt(2) : 6;
    const whole = wholeSettings({ ...settings, use_rslora });
    const start = await pissa.origin!.start(weight, { out, in: input, rank, scale }, whole, random);
    const { lora_A: A, lora_B: B, start_A, start_B } = start;
    expect(start_A).toEqual(A);
    start_B!.forEach((value, index) => expect(value).toBeCloseTo(-scale * B![index]!, 5));
    for (let row = 0; row < out; row++) {
      for (let k = 0; k < input; k++) {
        const sum = B![row * rank]! * A![k]! + B![row * rank + 1]! * A![input + k]!;
        expect(scale * sum).toBeCloseTo(at(row, k), 5);
      }
    }
    // A and B are as long as each other, as in PEFT.
    const length = (values: readonly number[]): number => Math.hypot(...values);
    expect(length([...A!.subarray(0, input)])).toBeCloseTo(Math.sqrt(5 / scale), 5);
    expect(length([B![0]!, B![2]!, B![4]!, B![6]!])).toBeCloseTo(Math.sqrt(5 / scale), 5);
  },
);

describe('a trained one becomes plain LoRA', () => {
  test.each([
    [{}, { r: 6, lora_alpha: 24, scale: 4 }],
    [{ use_rslora: true }, { r: 6, lora_alpha: 12 * Math.SQRT2, scale: 12 / Math.sqrt(3) }],
    [
      { rank_pattern: { q_proj: 2 }, alpha_pattern: { q_proj: 5 } },
      { r: 6, lora_alpha: 24, scale: 2.5 },
    ],
  ])('that changes the weights by as much: %j', (more, { r, lora_alpha, scale }) => {
    const layout = adapterLayout(spec, { ...settings, ...more });
    const state = {
      parameters: new Float32Array(layout.size),
      frozen: new Float32Array(layout.frozenSize),
    };
    for (const { tensors, frozen } of layout.modules) {
      for (const tensor of tensors)
        writeParameter(
          state.parameters,
          tensor,
          Float32Array.from(random(tensor.shape[0]! * tensor.shape[1]!)),
        );
      for (const tensor of frozen)
        writeParameter(state.frozen, tensor, Float32Array.from(random(tensor.shape[0]! * tensor.shape[1]!)));
    }
    const plain = plainAdapter(spec, layout, state);
    expect(plain.layout.kind.name).toBe('lora');
    expect(plain.layout.settings).toMatchObject({ r, lora_alpha, init_lora_weights: true });
    const merged = [layout, plain.layout].map((each, index) => {
      const module = each.modules[0]!;
      const parts = partValues(module, index ? plain : state);
      expect(module.scale).toBeCloseTo(scale, 6);
      const rows = new Float32Array(module.out * module.in);
      each.kind.merge({ ...module, parts }, each.settings)(rows, 0);
      return rows;
    });
    const largest = merged[0]!.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    merged[0]!.forEach((value, k) => expect(Math.abs(value - merged[1]![k]!)).toBeLessThan(1e-6 * largest));
    expect(largest).toBeGreaterThan(1);
  });

  test('plain LoRA stays as it is', () => {
    const layout = adapterLayout(spec, { ...settings, init_lora_weights: true });
    const parameters = new Float32Array(layout.size);
    const plain = plainAdapter(spec, layout, { parameters, frozen: new Float32Array(0) });
    expect(plain.layout).toBe(layout);
    expect(plain.parameters).toBe(parameters);
  });
});

describe('the unquantised weights', () => {
  const path = 'model.layers.0.self_attn.q_proj';
  const file = { name: 'f', size: 0, read: () => Promise.resolve(new Uint8Array()) };
  const tensor = { name: path, file, begin: 0, end: 0, dtype: 'BF16', shape: [64, 64] };
  const load = { load_in_4bit: true, bnb_4bit_use_double_quant: true, dtype: 'auto' as const };
  const laid = (form: StoredForm, in4Bit = true) =>
    modelLayout(spec, () => form, { ...load, load_in_4bit: in4Bit }, 2 ** 27);
  const stored = (weight: StoredWeight) => new Map([[`${path}.weight`, weight]]);
  const wanted = (layout: ModelLayout) => ({
    layout,
    names: [`${path}.weight`],
    purpose: 'PiSSA',
    instead: 'init_lora_weights = true',
  });
  const dense: StoredWeight = { kind: 'dense', tensor };
  const q4: StoredWeight = { kind: 'packed', packing: { format: 'q4_1' }, buffers: {} };
  const q5: StoredWeight = {
    kind: 'requantised',
    from: 'Q5_K',
    tensor,
    rows: () => Promise.resolve(new Float32Array()),
  };

  test('are there on a dense base, and in files of one that was quantised here', () => {
    expect(() => requireUnquantized(wanted(laid('bf16', false)), undefined)).not.toThrow();
    expect(() => requireUnquantized(wanted(laid('bf16')), stored(dense))).not.toThrow();
  });

  test('are refused by name if the files hold them quantised only, however they are loaded', () => {
    for (const [weight, layout] of [
      [q4, laid({ format: 'q4_1' })],
      [q5, laid('requantised')],
      [q5, laid('requantised', false)],
    ] as const) {
      const check = () => requireUnquantized(wanted(layout), stored(weight));
      expect(check).toThrow(
        `PiSSA needs the unquantised weights, but this model’s files have ${path} only quantised.`,
      );
      expect(() => requireUnquantized(wanted(layout), withoutFiles(stored(weight)))).toThrow(path);
    }
  });

  test('are refused if the files can’t be read any more', () => {
    const gone = /only a quantised copy/;
    expect(() => requireUnquantized(wanted(laid('bf16')), undefined)).toThrow(gone);
    expect(() => requireUnquantized(wanted(laid('bf16')), withoutFiles(stored(dense)))).toThrow(gone);
  });
});
