import { describe, expect, it } from 'vitest';
import { bytesOf } from '../../../../src/core/bytes';
import { f32ToBf16, f32ToF16 } from '../../../../src/core/dtype';
import { memoryFile } from '../../../../src/core/file_reader';
import { holdsColumns } from '../../../../src/exports/check/written_weights';

const [out, input] = [64, 32];
const columns = [0, 7, 31];
const weight = Float32Array.from({ length: out * input }, (_, i) => Math.sin(i * 12.9898) * 0.05);
/** Far below a step of bfloat16 in all but a few of the weights. */
const tuned = weight.map((value, i) => value + 1e-5 * Math.cos(i));

function columnsOf(values: Float32Array): Float32Array {
  return Float32Array.from(
    columns.flatMap((k) => Array.from({ length: out }, (_, row) => values[row * input + k]!)),
  );
}

const dtypes = {
  F32: (values: Float32Array<ArrayBuffer>) => values,
  F16: f32ToF16,
  BF16: f32ToBf16,
} as const;

describe.each(['F32', 'F16', 'BF16'] as const)('columns of a matrix in %s', (dtype) => {
  const stored = (values: Float32Array<ArrayBuffer>) => {
    const bytes = bytesOf(dtypes[dtype](values));
    const file = memoryFile('a', bytes);
    return { name: 'w', file, begin: 0, end: bytes.length, dtype, shape: [out, input] };
  };

  it('are those that were rounded to it', async () => {
    expect(await holdsColumns(stored(tuned), columns, columnsOf(tuned), 2 ** -24)).toBe(true);
  });

  it('are not if the adapter was left out, however little it changes', async () => {
    expect(await holdsColumns(stored(weight), columns, columnsOf(tuned), 2 ** -24)).toBe(false);
  });

  it('are not if one value is not a number', async () => {
    const wrong = tuned.slice();
    wrong[31 + 5 * input] = NaN;
    expect(await holdsColumns(stored(wrong), columns, columnsOf(tuned), 2 ** -24)).toBe(false);
  });
});
