import { unpacked, type RowRun } from '../../src/ops/unpack';
import { nf4Packing, type Packing, type PackedWeight } from '../../src/ops/weight';
import { combine, describe, type CaseInput, type OpCase } from './case';
import { packedData } from './weights/packed';

interface Parameters {
  readonly packing: Packing;
  readonly out: number;
  readonly in: number;
  readonly rows?: RowRun;
}

function unpackCase({ packing, out, in: input, rows }: Parameters): OpCase {
  const { codes, scales, values } = packedData(packing, out, input);
  const inputs: Record<string, CaseInput> = {
    codes: { type: 'u32', shape: [codes.length], data: codes },
    ...(scales && { scales: { type: 'u32', shape: [scales.length], data: scales } }),
  };
  return {
    op: 'unpack',
    name: describe({ ...packing, out, in: input, ...rows }),
    rows: 0,
    inputs,
    build: (builder, tensors) => {
      const weight: PackedWeight = { kind: 'packed', name: 'weight', out, in: input, packing, tensors };
      return { y: unpacked(builder, weight, rows) };
    },
    reference: { forward: () => ({ y: Float64Array.from(rows ? ofRows(values, rows, input) : values) }) },
    tolerance: { y: tolerance(packing) },
  };
}

function ofRows(values: Float32Array, { first, count }: RowRun, input: number): Float32Array {
  return values.subarray(first * input, (first + count) * input);
}

/**
 * One product is rounded once, two of them twice, and alike. Where a sum follows, a device may leave out a rounding: of the
 * scale where it is nested, of the product where the format adds a minimum, whose sizes may exceed the row's values.
 */
function tolerance(packing: Packing): number {
  if (packing.format === 'nf4') return packing.doubleQuant ? 2 : 0;
  return packing.format === 'q4_1' || packing.format === 'q4_k' ? 4 : 0;
}

export const cases: readonly OpCase[] = [
  ...combine({
    packing: [nf4Packing(false), nf4Packing(true)],
    out: [1, 20, 301],
    in: [64, 192],
  }).map(unpackCase),
  // Blocks that straddle rows, the last of them cut short; blocks longer than rows.
  ...combine({ blockSize: [32, 64, 128, 4096], doubleQuant: [false, true] }).map((blocks) =>
    unpackCase({ packing: { format: 'nf4', nestedBlockSize: 256, ...blocks }, out: 67, in: 152 }),
  ),
  ...combine({ groupSize: [32, 64, 128, 256], actOrder: [false, true] }).map((groups) =>
    unpackCase({ packing: { format: 'gptq', ...groups }, out: 40, in: 256 }),
  ),
  unpackCase({ packing: { format: 'gptq', groupSize: 128, actOrder: false }, out: 8, in: 200 }),
  ...[32, 64, 128, 256].map((groupSize) =>
    unpackCase({ packing: { format: 'awq', groupSize }, out: 40, in: 256 }),
  ),
  unpackCase({ packing: { format: 'awq', groupSize: 128 }, out: 8, in: 200 }),
  ...combine({
    packing: [{ format: 'q8_0' }, { format: 'q4_0' }, { format: 'q4_1' }] as const,
    out: [1, 33],
    in: [32, 96],
  }).map(unpackCase),
  ...combine({
    packing: [{ format: 'q4_k' }, { format: 'q6_k' }] as const,
    out: [1, 33],
    in: [256, 768],
  }).map(unpackCase),
  // Some rows only.
  ...combine({
    packing: [
      nf4Packing(true),
      { format: 'gptq', groupSize: 64, actOrder: true },
      { format: 'awq', groupSize: 64 },
      { format: 'q4_1' },
    ] as const,
    rows: [
      { first: 64, count: 64 },
      { first: 128, count: 40 },
    ],
  }).map(({ packing, rows }) => unpackCase({ packing, out: 168, in: 64, rows })),
  unpackCase({ packing: { format: 'q6_k' }, out: 100, in: 256, rows: { first: 64, count: 36 } }),
];
