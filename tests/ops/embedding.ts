import { f32ToBf16, f32ToF16, bf16ToF32, f16ToF32 } from '../../src/core/dtype';
import { embedding } from '../../src/ops/embedding';
import type { DenseFormat, DenseWeight } from '../../src/ops/weight';
import { combine, describe, integers, normal, type Arrays, type CaseInput, type OpCase } from './case';

interface Parameters {
  readonly rows: number;
  readonly vocabulary: number;
  readonly columns: number;
  readonly format: DenseFormat;
  /** Rows of each part of the table. */
  readonly parts: readonly number[];
  readonly trainable?: boolean;
  /** 1 unless given. */
  readonly scale?: number;
  readonly limits?: OpCase['limits'];
}

/** The table as it is stored, and what it stands for. */
function encode(
  values: Float32Array<ArrayBuffer>,
  format: DenseFormat,
): [Float32Array | Uint32Array, Float32Array] {
  if (format === 'f32') return [values, values];
  const halves = format === 'f16' ? f32ToF16(values) : f32ToBf16(values);
  return [new Uint32Array(halves.buffer), format === 'f16' ? f16ToF32(halves) : bf16ToF32(halves)];
}

function embeddingCase({ limits, trainable = false, ...parameters }: Parameters): OpCase {
  const { rows, vocabulary, columns, format, parts, scale = 1 } = parameters;
  const tokens = integers('tokens', rows, vocabulary);
  // The first, the last, one beyond the table.
  tokens.set([0, vocabulary - 1, vocabulary + 7].slice(0, rows));
  const inputs: Record<string, CaseInput> = { tokens: { type: 'u32', shape: ['rows'], data: tokens } };
  const table = new Float64Array(vocabulary * columns);
  let firstRow = 0;
  const layout = parts.map((partRows, index) => {
    const [stored, meant] = encode(normal(`part ${index}`, partRows * columns), format);
    const shape = [partRows, format === 'f32' ? columns : columns / 2];
    const type = format === 'f32' ? 'f32' : 'u32';
    inputs[`weight${index}`] = { type, shape, data: stored, wanted: trainable, parameter: trainable };
    table.set(meant, firstRow * columns);
    const part = { name: `weight${index}`, firstRow, rows: partRows };
    firstRow += partRows;
    return part;
  });
  const tableOf = (values: Arrays): Float64Array =>
    Float64Array.from(layout.flatMap(({ name }) => Array.from(values[name]!)));
  const rowOf = (token: number): number => Math.min(token, vocabulary - 1);
  return {
    op: 'embedding',
    name: describe({ ...parameters, ...(trainable && { trainable }), ...limits }),
    rows,
    inputs,
    limits,
    build(builder, tensors) {
      const weight: DenseWeight = {
        kind: 'dense',
        name: 'embed_tokens',
        format,
        out: vocabulary,
        in: columns,
        parts: layout.map(({ name, ...part }) => ({ ...part, tensor: tensors[name]! })),
      };
      return { y: embedding(builder, { tokens: tensors['tokens']!, table: weight }, { scale }) };
    },
    reference: {
      forward(values) {
        const source = trainable ? tableOf(values) : table;
        const y = new Float64Array(rows * columns);
        values['tokens']!.forEach((token, row) => {
          y.set(source.subarray(rowOf(token) * columns, (rowOf(token) + 1) * columns), row * columns);
        });
        return { y: y.map((value) => scale * value) };
      },
      backward(values, { y }) {
        const gradient = new Float64Array(vocabulary * columns);
        values['tokens']!.forEach((token, row) => {
          for (let c = 0; c < columns; c++) {
            gradient[rowOf(token) * columns + c]! += scale * y![row * columns + c]!;
          }
        });
        return Object.fromEntries(
          layout.map(({ name, firstRow: first, rows: count }) => [
            name,
            gradient.slice(first * columns, (first + count) * columns),
          ]),
        );
      },
    },
    // A copy is exact, a multiple of it is rounded twice; a gradient is a sum of at most `rows` values.
    tolerance: {
      y: scale === 1 ? 0 : 1,
      ...Object.fromEntries(layout.map(({ name }) => [`d${name}`, rows + (scale === 1 ? 0 : 1)])),
    },
  };
}

export const cases: readonly OpCase[] = [
  ...combine({ rows: [1, 9], columns: [4, 20, 300], format: ['f32', 'f16', 'bf16'] as const }).map(
    (parameters) => embeddingCase({ ...parameters, vocabulary: 13, parts: [13] }),
  ),
  embeddingCase({ rows: 40, vocabulary: 50, columns: 8, format: 'f16', parts: [16, 16, 16, 2] }),
  embeddingCase({ rows: 40, vocabulary: 50, columns: 8, format: 'f32', parts: [49, 1] }),
  embeddingCase({
    rows: 40,
    vocabulary: 50,
    columns: 64,
    format: 'f32',
    parts: [50],
    trainable: true,
    limits: { maxComputeWorkgroupsPerDimension: 3 },
  }),
  ...combine({ rows: [1, 9], format: ['f32', 'bf16'] as const, scale: [Math.sqrt(640)] }).map((parameters) =>
    embeddingCase({ ...parameters, vocabulary: 50, columns: 20, parts: [48, 2] }),
  ),
  embeddingCase({
    rows: 40,
    vocabulary: 50,
    columns: 64,
    format: 'f32',
    parts: [50],
    trainable: true,
    scale: 33.94112549695428,
  }),
  embeddingCase({ rows: 1, vocabulary: 5, columns: 4, format: 'f32', parts: [5], trainable: true }),
  // Each token many times, and more columns and rows than a workgroup has threads.
  embeddingCase({ rows: 150, vocabulary: 5, columns: 300, format: 'f32', parts: [3, 2], trainable: true }),
];
