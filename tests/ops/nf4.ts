import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16 } from '../../src/core/dtype';
import { nf4Thresholds, quantizeNF4 } from '../../src/formats/nf4';
import { nf4Quantize } from '../../src/ops/nf4';
import type { DenseFormat, DenseWeight } from '../../src/ops/weight';
import { integers, normal, type CaseInput, type OpCase } from './case';

/** Little-endian bytes, four to a word. */
function words(bytes: Uint8Array<ArrayBuffer>): Uint32Array<ArrayBuffer> {
  return new Uint32Array(bytes.buffer, 0, bytes.length / 4);
}

/** Values on both sides of every threshold: codes differ where a quotient is off by one in its last bit. */
function nearThresholds(blocks: number): Float32Array<ArrayBuffer> {
  const largest = normal('absmax', blocks, 0.05);
  const chosen = integers('threshold', blocks * 64, 15);
  const ulps = integers('distance', blocks * 64, 5);
  const values = new Float32Array(blocks * 64);
  const bits = new Int32Array(values.buffer);
  for (let i = 0; i < values.length; i++) {
    const absmax = Math.abs(largest[i >> 6]!) + 1e-6;
    values[i] = i % 64 === 0 ? absmax : nf4Thresholds[chosen[i]!]! * Math.fround(absmax);
    if (i % 64 !== 0) bits[i] = bits[i]! + ulps[i]! - 2;
  }
  return values;
}

/** Blocks of zeros, of one value, of subnormal and of huge values; and zeros of both signs. */
function extremes(): Float32Array<ArrayBuffer> {
  const scales = [0, 1, 1e-45, 1e-40, 9e-39, 1.2e-38, 2e-38, 5e-38, 1e-30, 1e30, 8e37];
  const shape = normal('shape', 64);
  const blocks = scales.flatMap((scale) => [
    Float32Array.from(shape, (value) => value * scale * 0.25),
    new Float32Array(64).fill(scale),
    new Float32Array(64).fill(-scale),
  ]);
  return Float32Array.from(blocks.flatMap((block) => Array.from(block)));
}

/** A tensor [values / 64, 64] in a format, whole or in parts of 64 rows. */
function quantizeCase(
  name: string,
  values: Float32Array<ArrayBuffer>,
  format: DenseFormat = 'f32',
  inParts = false,
): OpCase {
  const halves = format === 'f16' ? f32ToF16(values) : f32ToBf16(values);
  const stored = format === 'f32' ? new Uint32Array(values.buffer) : new Uint32Array(halves.buffer);
  const exact = { f32: () => values, f16: () => f16ToF32(halves), bf16: () => bf16ToF32(halves) }[format]();
  const out = values.length / 64;
  const partRows = inParts ? 64 : out;
  const wordsOfRow = stored.length / out;
  const parts = Array.from({ length: Math.ceil(out / partRows) }, (_, index) => {
    const firstRow = index * partRows;
    return { name: `part${index}`, firstRow, rows: Math.min(partRows, out - firstRow) };
  });
  const inputs: Record<string, CaseInput> = {};
  for (const part of parts) {
    const data = stored.slice(part.firstRow * wordsOfRow, (part.firstRow + part.rows) * wordsOfRow);
    inputs[part.name] = { type: 'u32', shape: [data.length], data };
  }
  return {
    op: 'nf4_quantize',
    name,
    rows: 0,
    inputs,
    build: (builder, tensors) => {
      const weight: DenseWeight = {
        kind: 'dense',
        name: 'weight',
        format,
        out,
        in: 64,
        parts: parts.map(({ name, firstRow, rows }) => ({ firstRow, rows, tensor: tensors[name]! })),
      };
      const { codes, absmax } = nf4Quantize(builder, weight);
      return { codes, absmax };
    },
    reference: {
      forward: () => {
        const { codes, absmax } = quantizeNF4(exact);
        return { codes: Float64Array.from(words(codes)), absmax: Float64Array.from(absmax) };
      },
    },
    tolerance: { codes: 0, absmax: 0 },
  };
}

const formats: readonly DenseFormat[] = ['f32', 'f16', 'bf16'];

export const cases: readonly OpCase[] = [
  ...formats.map((format) => quantizeCase(`normal ${format}`, normal('weight', 64 * 1001, 0.05), format)),
  quantizeCase('in parts', normal('weight', 64 * 130, 0.05), 'bf16', true),
  quantizeCase('a million values at the thresholds', nearThresholds(16384)),
  quantizeCase('extremes', extremes()),
];
