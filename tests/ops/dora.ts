import { pcg4d } from '../../src/core/random';
import { dora } from '../../src/models/adapters/dora';
import { wholeSettings } from '../../src/models/adapters/settings';
import { adaptedNorms } from '../../src/ops/adapted_norms';
import { dropoutSplit } from '../../src/ops/dropout_split';
import { magnitudeScale } from '../../src/ops/magnitude';
import { nf4Packing, type DenseFormat, type Packing, type Weight } from '../../src/ops/weight';
import { bf16ToF32, f32ToBf16 } from '../../src/core/dtype';
import type { Tensor } from '../../src/ops/op';
import { combine, describe, normal, type CaseInput, type OpCase } from './case';
import { packedData } from './weights/packed';

const SCALE = 1.5;

interface Stored {
  readonly inputs: Record<string, CaseInput>;
  readonly values: Float64Array;
  readonly weight: (tensors: Readonly<Record<string, Tensor>>) => Weight;
}

/** A dense weight, in parts of the given rows. */
function dense(format: Exclude<DenseFormat, 'f16'>, parts: readonly number[], input: number): Stored {
  const inputs: Record<string, CaseInput> = {};
  const values: number[] = [];
  let firstRow = 0;
  const places = parts.map((rows, index) => {
    const given = normal(`part ${index}`, rows * input, 0.3);
    const halves = f32ToBf16(given);
    values.push(...(format === 'f32' ? given : bf16ToF32(halves)));
    const name = `weight${index}`;
    inputs[name] =
      format === 'f32'
        ? { type: 'f32', shape: [rows, input], data: given }
        : { type: 'u32', shape: [rows, input / 2], data: new Uint32Array(halves.buffer) };
    const place = { name, firstRow, rows };
    firstRow += rows;
    return place;
  });
  const out = firstRow;
  return {
    inputs,
    values: Float64Array.from(values),
    weight: (tensors) => ({
      ...{ kind: 'dense', name: 'weight', format, out, in: input },
      parts: places.map(({ name, ...place }) => ({ ...place, tensor: tensors[name]! })),
    }),
  };
}

function packed(packing: Packing, out: number, input: number): Stored {
  const { codes, scales, values } = packedData(packing, out, input);
  return {
    inputs: {
      codes: { type: 'u32', shape: [codes.length], data: codes },
      ...(scales && { scales: { type: 'u32', shape: [scales.length], data: scales } }),
    },
    values: Float64Array.from(values),
    weight: (tensors) => ({
      ...{ kind: 'packed', name: 'weight', out, in: input, packing },
      tensors: { codes: tensors['codes']!, ...(scales && { scales: tensors['scales']! }) },
    }),
  };
}

function normsCase(name: string, stored: Stored, input: number, rank: number): OpCase {
  const out = stored.values.length / input;
  return {
    op: 'adapted_norms',
    name: `${name} rank=${rank}`,
    rows: 1,
    inputs: {
      ...stored.inputs,
      A: { type: 'f32', shape: [rank, input], data: normal('A', rank * input) },
      B: { type: 'f32', shape: [out, rank], data: normal('B', out * rank) },
      norms: { type: 'f32', shape: [out], data: new Float32Array(out).fill(NaN) },
    },
    build(builder, tensors) {
      const norms = tensors['norms']!;
      const weight = stored.weight(tensors);
      adaptedNorms(builder, { weight, A: tensors['A']!, B: tensors['B']!, norms }, { scale: SCALE });
      return { norms };
    },
    reference: {
      forward({ A, B }) {
        const norms = new Float64Array(out).map((_, row) => {
          let square = 0;
          for (let k = 0; k < input; k++) {
            let value = stored.values[row * input + k]!;
            for (let j = 0; j < rank; j++) value += SCALE * B![row * rank + j]! * A![j * input + k]!;
            square += value * value;
          }
          return Math.sqrt(square);
        });
        return { norms };
      },
    },
    // Each element errs by its rank + 1 terms, and the sum of squares by its own; its root halves that.
    tolerance: { norms: 2 * (rank + 2) + input },
  };
}

interface MagnitudeParameters {
  readonly rows: number;
  readonly columns: number;
  readonly bias?: boolean;
  readonly residual?: boolean;
  readonly norms?: boolean;
  readonly limits?: OpCase['limits'];
}

function magnitudeCase({ limits, ...parameters }: MagnitudeParameters): OpCase {
  const { rows, columns, bias = false, residual = false, norms: withNorms = true } = parameters;
  const vector = (name: string, options: Partial<CaseInput> = {}): CaseInput => {
    return { type: 'f32', shape: [columns], data: normal(name, columns), ...options };
  };
  const matrix = (name: string): CaseInput => {
    return { type: 'f32', shape: ['rows', columns], data: normal(name, rows * columns), wanted: true };
  };
  const divisors = normal('norms', columns).map((value) => (withNorms ? 0.5 + Math.abs(value) : 1));
  return {
    op: 'magnitude',
    name: describe({ ...parameters, ...limits }),
    rows,
    limits,
    inputs: {
      x: matrix('x'),
      magnitude: vector('magnitude', { wanted: true, parameter: true }),
      ...(withNorms && { norms: vector('norms', { data: divisors }) }),
      ...(bias && { bias: vector('bias') }),
      ...(residual && { residual: matrix('residual') }),
    },
    build(builder, { x, magnitude, norms, bias, residual }) {
      return {
        y: magnitudeScale(builder, { x: x!, magnitude: magnitude!, norms, bias, residual }),
      };
    },
    reference: {
      forward: ({ x, magnitude, bias, residual }) => ({
        y: x!.map((value, i) => {
          const c = i % columns;
          return (magnitude![c]! / divisors[c]!) * value + (bias?.[c] ?? 0) + (residual?.[i] ?? 0);
        }),
      }),
      backward({ x, magnitude }, { y: dy }) {
        const gradient = new Float64Array(columns);
        x!.forEach((value, i) => (gradient[i % columns]! += (dy![i]! * value) / divisors[i % columns]!));
        return {
          x: dy!.map((value, i) => (magnitude![i % columns]! / divisors[i % columns]!) * value),
          magnitude: gradient,
          residual: dy!,
        };
      },
    },
    tolerance: {
      y: 8,
      dx: 8,
      dresidual: 0,
      // Terms of size 1 / norm, added up one after the other.
      dmagnitude: {
        factor: rows + 4,
        magnitudes: Float64Array.from(divisors, (value) => Math.sqrt(rows) / value),
      },
    },
  };
}

const RUN = { seed: 5, counter: 9 };
const STREAM = 77;

/** The dropout's factor of each element. */
function mask(count: number, p: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => {
    const draw = pcg4d(Math.floor(i / 4), STREAM, RUN.counter, RUN.seed)[i % 4]!;
    return (draw >>> 8) * 2 ** -24 >= p ? 1 / (1 - p) : 0;
  });
}

function splitCase(rows: number, columns: number, p: number, limits?: OpCase['limits']): OpCase {
  const factors = mask(rows * columns, p);
  const x = normal('x', rows * columns);
  return {
    op: 'dropout_split',
    name: describe({ rows, columns, p, ...limits }),
    rows,
    run: RUN,
    limits,
    sameAs: limits && {},
    inputs: {
      x: { type: 'f32', shape: ['rows', columns], data: x, wanted: true },
    },
    build: (builder, { x }) => ({ ...dropoutSplit(builder, x!, { p, stream: STREAM }) }),
    reference: {
      forward: ({ x }) => ({
        kept: x!.map((value, i) => value * factors[i]!),
        rest: x!.map((value, i) => value * (1 - factors[i]!)),
      }),
      backward: (_, { kept, rest }) => ({
        x: kept!.map((value, i) => value * factors[i]! + rest![i]! * (1 - factors[i]!)),
      }),
    },
    tolerance: {
      kept: 3,
      // Division errs by a few units of what is kept, which may be far larger than the rest.
      rest: { factor: 4, magnitudes: Float64Array.from(x, (value) => Math.abs(value) / (1 - p)) },
      dx: 8,
    },
  };
}

/**
 * The whole map under dropout, as PEFT computes it: base(x) + (g − 1) · x̃ Wᵀ + g · scale · x̃ Aᵀ Bᵀ with g = magnitude / norms,
 * x̃ = dropout(x).
 */
function wholeCase(p: number): OpCase {
  const [rows, input, out, rank] = [9, 20, 12, 4];
  const stored = dense('f32', [out], input);
  const factors = mask(rows * input, p);
  const f32 = (
    name: string,
    shape: readonly (number | 'rows')[],
    more: Partial<CaseInput> = {},
  ): CaseInput => {
    const count = shape.reduce<number>((product, size) => product * (size === 'rows' ? rows : size), 1);
    return { type: 'f32', shape, data: normal(name, count), ...more };
  };
  const trained = { wanted: true, parameter: true };
  const norms = normal('norms', out).map((value) => 0.5 + Math.abs(value));
  return {
    op: 'magnitude',
    name: `the whole of DoRA p=${p}`,
    rows,
    run: RUN,
    inputs: {
      ...stored.inputs,
      x: f32('x', ['rows', input], { wanted: true }),
      bias: f32('bias', [out]),
      residual: f32('residual', ['rows', out], { wanted: true }),
      A: f32('A', [rank, input], trained),
      B: f32('B', [out, rank], trained),
      magnitude: f32('magnitude', [out], trained),
      norms: f32('norms', [out], { data: norms }),
    },
    build(builder, tensors) {
      const { A, B, magnitude, norms, x, bias, residual } = tensors;
      const module = {
        kind: dora,
        path: 'layer',
        parts: { lora_A: A!, lora_B: B!, lora_magnitude_vector: magnitude! },
        settings: wholeSettings({ use_dora: true, target_modules: 'all-linear' }),
        scale: SCALE,
        derived: norms!,
        ...(p > 0 && { dropout: { p, stream: STREAM } }),
      };
      return { y: dora.linear(builder, { x: x!, weight: stored.weight(tensors), bias, residual }, module) };
    },
    reference: {
      forward({ x, A, B, magnitude, norms, bias, residual }) {
        const y = residual!.map((value, at) => {
          const [row, column] = [Math.floor(at / out), at % out];
          let [base, dropped, low] = [0, 0, 0];
          for (let k = 0; k < input; k++) {
            const i = row * input + k;
            const w = stored.values[column * input + k]!;
            base += x![i]! * w;
            dropped += factors[i]! * x![i]! * w;
            for (let j = 0; j < rank; j++)
              low += factors[i]! * x![i]! * A![j * input + k]! * B![column * rank + j]!;
          }
          const g = magnitude![column]! / norms![column]!;
          const plain = p > 0 ? dropped : base;
          return base + bias![column]! + (g - 1) * plain + g * SCALE * low + value;
        });
        return { y };
      },
      backward({ x, A, B, magnitude, norms }, { y: dy }) {
        const dx = new Float64Array(rows * input);
        const dA = new Float64Array(rank * input);
        const dB = new Float64Array(out * rank);
        const dmagnitude = new Float64Array(out);
        for (let row = 0; row < rows; row++) {
          for (let column = 0; column < out; column++) {
            const d = dy![row * out + column]!;
            const g = magnitude![column]! / norms![column]!;
            for (let k = 0; k < input; k++) {
              const i = row * input + k;
              const w = stored.values[column * input + k]!;
              let ba = 0;
              for (let j = 0; j < rank; j++) {
                const [a, b] = [A![j * input + k]!, B![column * rank + j]!];
                ba += a * b;
                dA[j * input + k]! += d * g * SCALE * factors[i]! * x![i]! * b;
                dB[column * rank + j]! += d * g * SCALE * factors[i]! * x![i]! * a;
              }
              const tuned = factors[i]! * (w + SCALE * ba);
              dx[i]! += d * (w - factors[i]! * w + g * tuned);
              dmagnitude[column]! += (d * x![i]! * tuned) / norms![column]!;
            }
          }
        }
        return { x: dx, A: dA, B: dB, magnitude: dmagnitude, residual: dy! };
      },
    },
    // Sums of products of three factors, whose terms are a few times as large as the results.
    tolerance: {
      y: 8 * (input + 2 * rank),
      dx: 8 * (out + 2 * rank),
      dresidual: 0,
      dA: 8 * (rows + out),
      dB: 8 * (rows + input),
      dmagnitude: { factor: 8 * (rows + input), magnitudes: Float64Array.from(norms, (value) => 1 / value) },
    },
  };
}

const PACKINGS: readonly (readonly [string, Packing, number])[] = [
  ['nf4', nf4Packing(false), 64],
  ['nf4_double', nf4Packing(true), 64],
  ['gptq', { format: 'gptq', groupSize: 32, actOrder: true }, 96],
  ['awq', { format: 'awq', groupSize: 32 }, 96],
  ['q8_0', { format: 'q8_0' }, 96],
  ['q4_0', { format: 'q4_0' }, 96],
  ['q4_1', { format: 'q4_1' }, 96],
  ['q4_k', { format: 'q4_k' }, 256],
  ['q6_k', { format: 'q6_k' }, 256],
];

export const cases: readonly OpCase[] = [
  normsCase('f32', dense('f32', [36], 20), 20, 4),
  normsCase('bf16', dense('bf16', [12], 300), 300, 8),
  normsCase('f32, of a high rank', dense('f32', [12], 20), 20, 516),
  normsCase('in parts', dense('bf16', [64, 64, 32], 16), 16, 4),
  ...PACKINGS.map(([name, packing, input]) => normsCase(name, packed(packing, 40, input), input, 8)),
  ...combine({ rows: [1, 9], bias: [false, true], residual: [false, true] }).map((parameters) =>
    magnitudeCase({ ...parameters, columns: 36 }),
  ),
  magnitudeCase({ rows: 530, columns: 20, bias: true, residual: true }),
  magnitudeCase({ rows: 9, columns: 36, residual: true, norms: false }),
  magnitudeCase({ rows: 530, columns: 24, limits: { maxStorageBufferBindingSize: 256 * 24 * 4 } }),
  wholeCase(0),
  wholeCase(0.3),
  splitCase(1, 20, 0.3),
  splitCase(70, 12, 0.1),
  splitCase(530, 24, 0.2, { maxStorageBufferBindingSize: 256 * 24 * 4 }),
];
