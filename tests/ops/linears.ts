import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16 } from '../../src/core/dtype';
import { gatedLinears, linears, type LinearMap } from '../../src/ops/linears';
import type { Tensor } from '../../src/ops/op';
import { nf4Packing, type DenseFormat, type Weight } from '../../src/ops/weight';
import { describe, normal, type Arrays, type CaseInput, type OpCase } from './case';
import { packedData } from './weights/packed';

const SCALE = 1.5;

interface Parameters {
  readonly rows: number;
  readonly in: number;
  readonly outs: readonly number[];
  readonly format: DenseFormat | 'nf4' | 'nf4_double';
  readonly bias?: boolean;
  readonly rank?: number;
  readonly activation?: 'silu' | 'gelu_pytorch_tanh';
}

interface Stored {
  readonly inputs: Record<string, CaseInput>;
  readonly values: Float64Array;
  readonly weight: (tensors: Readonly<Record<string, Tensor>>) => Weight;
}

function stored(name: string, out: number, input: number, format: Parameters['format']): Stored {
  if (format === 'nf4' || format === 'nf4_double') {
    const packing = nf4Packing(format === 'nf4_double');
    const { codes, scales, values } = packedData(packing, out, input);
    const words = scales ?? new Uint32Array();
    return {
      inputs: {
        [`${name}.codes`]: { type: 'u32', shape: [codes.length], data: codes },
        [`${name}.scales`]: { type: 'u32', shape: [words.length], data: words },
      },
      values: Float64Array.from(values),
      weight: (tensors) => ({
        ...{ kind: 'packed', name, out, in: input, packing },
        tensors: { codes: tensors[`${name}.codes`]!, scales: tensors[`${name}.scales`]! },
      }),
    };
  }
  const given = normal(name, out * input, 0.3);
  const halves = format === 'f16' ? f32ToF16(given) : f32ToBf16(given);
  const meant = { f32: () => given, f16: () => f16ToF32(halves), bf16: () => bf16ToF32(halves) }[format]();
  return {
    inputs: {
      [name]:
        format === 'f32'
          ? { type: 'f32', shape: [out, input], data: given }
          : { type: 'u32', shape: [out, input / 2], data: new Uint32Array(halves.buffer) },
    },
    values: Float64Array.from(meant),
    weight: (tensors) => ({
      ...{ kind: 'dense', name, format, out, in: input },
      parts: [{ firstRow: 0, rows: out, tensor: tensors[name]! }],
    }),
  };
}

/** a [rows, inner] times b transposed, b [columns, inner]. */
function times(a: Float64Array, b: Float64Array, inner: number): Float64Array {
  const columns = b.length / inner;
  return new Float64Array((a.length / inner) * columns).map((_, at) => {
    const [row, column] = [Math.floor(at / columns) * inner, (at % columns) * inner];
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += a[row + k]! * b[column + k]!;
    return sum;
  });
}

const gates = {
  silu: (x: number) => x / (1 + Math.exp(-x)),
  gelu_pytorch_tanh: (x: number) =>
    0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
};

function linearsCase(parameters: Parameters): OpCase {
  const { rows, in: input, outs, format, bias = false, rank = 0, activation } = parameters;
  const weights = outs.map((out, m) => stored(`weight${m}`, out, input, format));
  const f32 = (name: string, shape: readonly (number | 'rows')[]): CaseInput => {
    const count = shape.reduce<number>((product, size) => product * (size === 'rows' ? rows : size), 1);
    return { type: 'f32', shape, data: normal(name, count) };
  };
  const inputs: Record<string, CaseInput> = { x: f32('x', [rows === 1 ? 1 : 'rows', input]) };
  for (const [m, out] of outs.entries()) {
    Object.assign(inputs, weights[m]!.inputs);
    if (bias) inputs[`bias${m}`] = f32(`bias${m}`, [out]);
    if (rank > 0) inputs[`A${m}`] = f32(`A${m}`, [rank, input]);
    if (rank > 0) inputs[`B${m}`] = f32(`B${m}`, [out, rank]);
  }
  const reference = (values: Arrays): Float64Array[] =>
    outs.map((out, m) => {
      let y = times(values['x']!, weights[m]!.values, input);
      const [A, B] = [values[`A${m}`], values[`B${m}`]];
      if (bias) y = y.map((value, i) => value + values[`bias${m}`]![i % out]!);
      if (!A || !B) return y;
      const low = times(times(values['x']!, A, input), B, rank);
      return y.map((value, i) => value + SCALE * low[i]!);
    });
  const tolerance = 2 * (input + 2 * rank);
  return {
    op: 'linears',
    name: describe(parameters as unknown as Record<string, unknown>),
    rows,
    // One row together, as on a graphics card: the products apart have cases of their own.
    ...(rows === 1 && { limits: { software: false, choose: ({ candidates: [first] }) => first! } }),
    inputs,
    build(builder, tensors) {
      const maps = weights.map(({ weight }, m): LinearMap => {
        const [A, B] = [tensors[`A${m}`], tensors[`B${m}`]];
        return { weight: weight(tensors), bias: tensors[`bias${m}`], lora: A && B && { A, B, scale: SCALE } };
      });
      const x = tensors['x']!;
      const [gate, up] = maps as [LinearMap, LinearMap];
      if (activation) return { y: gatedLinears(builder, x, { gate, up }, { activation }) };
      return linears(builder, x, Object.fromEntries(maps.map((map, m) => [`y${m}`, map])));
    },
    reference: {
      forward(values) {
        const results = reference(values);
        if (!activation) return Object.fromEntries(results.map((y, m) => [`y${m}`, y]));
        const [gate, up] = results as [Float64Array, Float64Array];
        return { y: gate.map((value, i) => gates[activation](value) * up[i]!) };
      },
    },
    tolerance: activation
      ? // Each factor may be off by what a product may be, relative to its own row's largest.
        { y: { factor: 4 * tolerance, magnitudes: largestGated(rows, outs[0]!, reference, inputs) } }
      : Object.fromEntries(outs.map((_, m) => [`y${m}`, tolerance])),
  };
}

/** The product of the largest gate and the largest value of each row, for each of its elements. */
function largestGated(
  rows: number,
  columns: number,
  reference: (values: Arrays) => Float64Array[],
  inputs: Readonly<Record<string, CaseInput>>,
): Float64Array {
  const values = Object.entries(inputs).map(([name, { data }]) => [name, Float64Array.from(data)] as const);
  const largest = reference(Object.fromEntries(values)).map((y) => Math.max(...y.map(Math.abs)));
  return new Float64Array(rows * columns).fill(largest.reduce((product, size) => product * size, 1));
}

export const cases: readonly OpCase[] = [
  linearsCase({ rows: 1, in: 64, outs: [36, 12, 20], format: 'bf16' }),
  linearsCase({ rows: 1, in: 64, outs: [36, 12], format: 'f16', bias: true }),
  // More than a kernel may bind: two of them together; what the pairs begin with.
  linearsCase({ rows: 1, in: 64, outs: [24, 20, 12], format: 'nf4_double' }),
  linearsCase({ rows: 1, in: 192, outs: [40, 40], format: 'nf4', activation: 'silu' }),
  linearsCase({ rows: 1, in: 64, outs: [20, 20], format: 'nf4_double', rank: 4, activation: 'silu' }),
  linearsCase({ rows: 1, in: 72, outs: [20, 20], format: 'f32', rank: 8, activation: 'gelu_pytorch_tanh' }),
  linearsCase({ rows: 9, in: 72, outs: [20, 20], format: 'f32', activation: 'gelu_pytorch_tanh' }),
];
