import { f32ToBf16, f32ToF16, bf16ToF32, f16ToF32 } from '../../src/core/dtype';
import { pcg4d } from '../../src/core/random';
import { linear } from '../../src/ops/linear';
import type { Tensor } from '../../src/ops/op';
import { nf4Packing, type DenseFormat, type Packing, type Weight } from '../../src/ops/weight';
import { combine, describe, normal, type Arrays, type CaseInput, type OpCase } from './case';
import { packedData } from './weights/packed';

const PACKINGS = {
  nf4: nf4Packing(false),
  nf4_double: nf4Packing(true),
  nf4_128: { format: 'nf4', blockSize: 128, doubleQuant: true, nestedBlockSize: 256 },
  gptq: { format: 'gptq', groupSize: 32, actOrder: false },
  gptq_act_order: { format: 'gptq', groupSize: 32, actOrder: true },
  awq: { format: 'awq', groupSize: 32 },
  q8_0: { format: 'q8_0' },
  q4_0: { format: 'q4_0' },
  q4_1: { format: 'q4_1' },
  q4_k: { format: 'q4_k' },
  q6_k: { format: 'q6_k' },
} as const satisfies Record<string, Packing>;

type Format = DenseFormat | keyof typeof PACKINGS;

interface Parameters {
  readonly rows: number;
  readonly in: number;
  readonly out: number;
  readonly format: Format;
  readonly bias?: boolean;
  readonly residual?: boolean;
  readonly rank?: number;
  readonly dropout?: number;
  readonly trainable?: boolean;
  /** Rows of each part of a dense weight. */
  readonly parts?: readonly number[];
  readonly limits?: OpCase['limits'];
  readonly sameAs?: OpCase['limits'];
  /** x gets no gradient, as below the first adapter. */
  readonly frozenInput?: boolean;
}

const SCALE = 1.5;
const STREAM = 77;
const RUN = { seed: 5, counter: 9 };

interface Stored {
  readonly inputs: Record<string, CaseInput>;
  readonly values: Float64Array;
  weight(tensors: Readonly<Record<string, Tensor>>): Weight;
}

function storePacked(out: number, input: number, packing: Packing): Stored {
  const { codes, scales, values } = packedData(packing, out, input);
  return {
    inputs: {
      codes: { type: 'u32', shape: [codes.length], data: codes },
      ...(scales && { scales: { type: 'u32', shape: [scales.length], data: scales } }),
    },
    values: Float64Array.from(values),
    weight: (tensors) => ({
      kind: 'packed',
      name: 'weight',
      out,
      in: input,
      packing,
      tensors: { codes: tensors['codes']!, ...(scales && { scales: tensors['scales']! }) },
    }),
  };
}

function storeDense(parameters: Parameters, format: DenseFormat): Stored {
  const { out, in: input, parts = [out], trainable = false } = parameters;
  const inputs: Record<string, CaseInput> = {};
  const values = new Float64Array(out * input);
  let firstRow = 0;
  const layout = parts.map((rows, index) => {
    const part = normal(`part ${index}`, rows * input, 0.3);
    const halves = format === 'f16' ? f32ToF16(part) : f32ToBf16(part);
    const meant = format === 'f32' ? part : format === 'f16' ? f16ToF32(halves) : bf16ToF32(halves);
    values.set(meant, firstRow * input);
    inputs[`weight${index}`] =
      format === 'f32'
        ? { type: 'f32', shape: [rows, input], data: part, wanted: trainable, parameter: trainable }
        : { type: 'u32', shape: [rows, input / 2], data: new Uint32Array(halves.buffer) };
    const place = { name: `weight${index}`, firstRow, rows };
    firstRow += rows;
    return place;
  });
  return {
    inputs,
    values,
    weight: (tensors) => ({
      kind: 'dense',
      name: 'weight',
      format,
      out,
      in: input,
      parts: layout.map(({ name, ...part }) => ({ ...part, tensor: tensors[name]! })),
    }),
  };
}

/** The dropout's factor of each element of x. */
function mask(rows: number, columns: number, p: number, stream = STREAM): Float64Array {
  return Float64Array.from({ length: rows * columns }, (_, i) => {
    const draw = pcg4d(Math.floor(i / 4), stream, RUN.counter, RUN.seed)[i % 4]!;
    return (draw >>> 8) * 2 ** -24 >= p ? 1 / (1 - p) : 0;
  });
}

/** a [rows, inner] times b transposed, b [columns, inner]. */
function times(a: Float64Array, b: Float64Array, inner: number, scale = 1): Float64Array {
  const rows = a.length / inner;
  const columns = b.length / inner;
  const product = new Float64Array(rows * columns);
  for (let m = 0; m < rows; m++) {
    for (let n = 0; n < columns; n++) {
      let sum = 0;
      for (let k = 0; k < inner; k++) sum += a[m * inner + k]! * b[n * inner + k]!;
      product[m * columns + n] = scale * sum;
    }
  }
  return product;
}

function transposed(a: Float64Array, columns: number): Float64Array {
  const rows = a.length / columns;
  return a.map((_, i) => a[(i % rows) * columns + Math.floor(i / rows)]!);
}

const plus = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, i) => value + b[i]!);
const masked = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, i) => value * b[i]!);

function linearCase(parameters: Parameters): OpCase {
  const { rows, in: input, out, format, rank = 0, dropout = 0, trainable = false } = parameters;
  const stored =
    format === 'f32' || format === 'f16' || format === 'bf16'
      ? storeDense(parameters, format)
      : storePacked(out, input, PACKINGS[format]);
  const f32 = (
    name: string,
    shape: readonly (number | 'rows')[],
    options: Partial<CaseInput> = {},
  ): CaseInput => {
    const count = shape.reduce<number>((product, size) => product * (size === 'rows' ? rows : size), 1);
    return { type: 'f32', shape, data: normal(name, count), ...options };
  };
  const pair = { wanted: true, parameter: true };
  const keep = mask(rows, input, dropout);
  const W = (values: Arrays): Float64Array =>
    trainable
      ? Float64Array.from((parameters.parts ?? [out]).flatMap((_, i) => Array.from(values[`weight${i}`]!)))
      : stored.values;
  return {
    op: 'linear',
    name: describe(parameters as unknown as Record<string, unknown>),
    rows,
    run: RUN,
    limits: parameters.limits,
    sameAs: parameters.sameAs,
    inputs: {
      x: f32('x', ['rows', input], { wanted: parameters.frozenInput !== true }),
      ...stored.inputs,
      ...(parameters.bias && { bias: f32('bias', [out], trainable ? pair : {}) }),
      ...(parameters.residual && { residual: f32('residual', ['rows', out], { wanted: true }) }),
      ...(rank > 0 && { A: f32('A', [rank, input], pair), B: f32('B', [out, rank], pair) }),
    },
    build(builder, tensors) {
      const { x, bias, residual, A, B } = tensors;
      const lora = A &&
        B && { A, B, scale: SCALE, ...(dropout > 0 && { dropout: { p: dropout, stream: STREAM } }) };
      return { y: linear(builder, { x: x!, weight: stored.weight(tensors), bias, residual, lora }) };
    },
    reference: {
      forward(values) {
        const { x, bias, residual, A, B } = values;
        let y = times(x!, W(values), input);
        if (bias) y = y.map((value, i) => value + bias[i % out]!);
        if (residual) y = plus(y, residual);
        if (A && B) y = plus(y, times(times(masked(x!, keep), A, input), B, rank, SCALE));
        return { y };
      },
      backward(values, { y }) {
        const { x, A, B } = values;
        const dy = y!;
        let dx = times(dy, transposed(W(values), input), out);
        const gradients: Record<string, Float64Array> = { residual: dy };
        if (A && B) {
          const dropped = masked(x!, keep);
          const dz = times(dy, transposed(B, rank), out, SCALE);
          const dyT = transposed(dy, out);
          gradients['B'] = times(dyT, transposed(times(dropped, A, input), rank), rows, SCALE);
          gradients['A'] = times(transposed(dz, rank), transposed(dropped, input), rows);
          dx = plus(dx, masked(times(dz, transposed(A, input), rank), keep));
        }
        gradients['x'] = dx;
        if (trainable) {
          const dW = times(transposed(dy, out), transposed(x!, input), rows);
          let first = 0;
          for (const [index, count] of (parameters.parts ?? [out]).entries()) {
            gradients[`weight${index}`] = dW.slice(first * input, (first += count) * input);
          }
          gradients['bias'] = dy
            .slice(0, out)
            .map((_, n) => dy.reduce((s, d, i) => (i % out === n ? s + d : s), 0));
        }
        return gradients;
      },
    },
    // Sums of products: each term may be rounded twice, relative to the largest result of the row.
    tolerance: {
      y: 2 * (input + 2 * rank),
      dx: 2 * (out + 2 * rank),
      dresidual: 0,
      dA: { factor: 2 * (rows + out), magnitudes: sizesOfDA(parameters, keep) },
      dB: 2 * (rows + input),
      ...Object.fromEntries((parameters.parts ?? [out]).map((_, index) => [`dweight${index}`, 2 * rows])),
      dbias: { factor: rows, magnitudes: new Float64Array(out).fill(Math.sqrt(rows)) },
    },
  };
}

/**
 * dA adds up dy · B · x, of which the first two are standard normal: the root of the sum of squares that is expected. What
 * few rows leave of dy · B in one of A's rows may be far smaller.
 */
function sizesOfDA({ rows, in: input, out, rank = 0 }: Parameters, keep: Float64Array): Float64Array {
  const x = normal('x', rows * input);
  const squares = new Float64Array(input);
  x.forEach((value, i) => (squares[i % input]! += (value * keep[i]!) ** 2));
  return new Float64Array(rank * input).map((_, i) => SCALE * Math.sqrt(out * squares[i % input]!));
}

/** Two pairs in one program, which share their pipelines but not their masks. */
function twoMasksCase(): OpCase {
  const [rows, input, rank, out, p] = [9, 16, 4, 12, 0.4];
  const streams = { y: STREAM, z: 3_000_000_019 };
  const stored = storeDense({ rows, in: input, out, format: 'f32' }, 'f32');
  const f32 = (name: string, ...shape: readonly (number | 'rows')[]): CaseInput => {
    const count = shape.reduce<number>((product, size) => product * (size === 'rows' ? rows : size), 1);
    return { type: 'f32', shape, data: normal(name, count) };
  };
  return {
    op: 'linear',
    name: 'the masks of two pairs',
    rows,
    run: RUN,
    inputs: {
      x: f32('x', 'rows', input),
      ...stored.inputs,
      A: f32('A', rank, input),
      B: f32('B', out, rank),
    },
    build(builder, tensors) {
      const { x, A, B } = tensors;
      const map = (stream: number): Tensor =>
        linear(builder, {
          x: x!,
          weight: stored.weight(tensors),
          lora: { A: A!, B: B!, scale: SCALE, dropout: { p, stream } },
        });
      return { y: map(streams.y), z: map(streams.z) };
    },
    reference: {
      forward({ x, A, B }) {
        const map = (stream: number): Float64Array => {
          const z = times(masked(x!, mask(rows, input, p, stream)), A!, input);
          return plus(times(x!, stored.values, input), times(z, B!, rank, SCALE));
        };
        return { y: map(streams.y), z: map(streams.z) };
      },
    },
    tolerance: { y: 2 * (input + 2 * rank), z: 2 * (input + 2 * rank) },
  };
}

export const cases: readonly OpCase[] = [
  ...combine({
    rows: [1, 9],
    format: ['f32', 'f16', 'bf16', 'nf4', 'nf4_double'] as const,
    bias: [false, true],
  }).map((parameters) => linearCase({ ...parameters, in: 64, out: 36 })),
  ...combine({
    rows: [1, 13, 70],
    format: ['bf16', 'nf4_double'] as const,
    rank: [4, 8],
    dropout: [0, 0.3],
  }).map((parameters) => linearCase({ ...parameters, in: 64, out: 40, bias: true, residual: true })),
  twoMasksCase(),
  // More rows than one thread of the weight gradient adds up.
  linearCase({ rows: 530, in: 64, out: 16, format: 'nf4', rank: 4, dropout: 0.1 }),
  linearCase({ rows: 70, in: 128, out: 260, format: 'nf4_double', rank: 16, dropout: 0.2 }),
  linearCase({ rows: 11, in: 20, out: 12, format: 'f32', trainable: true, bias: true }),
  linearCase({ rows: 300, in: 8, out: 4, format: 'f32', trainable: true }),
  // Divided as on a GPU: the gradient in more chunks, a sum among more threads.
  linearCase({ rows: 150, in: 4, out: 8, format: 'f32', trainable: true, limits: { software: false } }),
  linearCase({ rows: 70, in: 20, out: 136, format: 'f32', trainable: true, bias: true, parts: [64, 64, 8] }),
  linearCase({ rows: 5, in: 64, out: 36, format: 'nf4', rank: 4, frozenInput: true }),
  // Split weights: dense ones in parts, 4-bit ones unpacked a few rows at a time.
  linearCase({
    rows: 9,
    in: 16,
    out: 160,
    format: 'f16',
    parts: [64, 64, 32],
    bias: true,
    residual: true,
    rank: 4,
  }),
  linearCase({
    rows: 9,
    in: 64,
    out: 160,
    format: 'nf4_double',
    rank: 4,
    limits: { maxStorageBufferBindingSize: 64 * 64 * 4 },
  }),
  // Every other packed format: unpacked whole, for one row as it is, and a few rows at a time.
  // Activations larger than a binding: windows of 256 rows, where the mask goes on.
  linearCase({
    ...{ rows: 530, in: 64, out: 24, format: 'bf16', rank: 4, dropout: 0.2, bias: true, residual: true },
    limits: { maxStorageBufferBindingSize: 256 * 64 * 4 },
    sameAs: {},
  }),
  linearCase({
    ...{ rows: 300, in: 20, out: 48, format: 'f32', trainable: true },
    limits: { maxStorageBufferBindingSize: 256 * 48 * 4 },
  }),
  linearCase({
    ...{ rows: 520, in: 64, out: 72, format: 'nf4', rank: 4 },
    limits: { maxStorageBufferBindingSize: 256 * 72 * 4 },
  }),
  ...combine({
    rows: [1, 9],
    format: ['nf4_128', 'gptq', 'gptq_act_order', 'awq', 'q8_0', 'q4_0', 'q4_1'] as const,
  }).map((parameters) =>
    linearCase({ ...parameters, in: 96, out: 40, bias: true, residual: true, rank: 4, dropout: 0.2 }),
  ),
  ...combine({ rows: [1, 9], format: ['q4_k', 'q6_k'] as const }).map((parameters) =>
    linearCase({ ...parameters, in: 256, out: 36, bias: true, residual: true, rank: 4 }),
  ),
  ...(['nf4_128', 'gptq', 'gptq_act_order', 'awq', 'q8_0', 'q4_0', 'q4_1'] as const).map((format) =>
    linearCase({ rows: 9, in: 96, out: 136, format, limits: { maxStorageBufferBindingSize: 64 * 96 * 4 } }),
  ),
  ...(['q4_k', 'q6_k'] as const).map((format) =>
    linearCase({ rows: 3, in: 256, out: 72, format, limits: { maxStorageBufferBindingSize: 64 * 256 * 4 } }),
  ),
];
