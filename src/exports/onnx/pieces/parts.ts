import { concatBytes } from '../../../core/bytes';
import { weightBytes, type StoredWeight, type WeightData } from '../graph';
import type { ReadTensor } from '../read_back';
import { bytesOfWeight, rowsOfWeight } from './pieces';

/** Rows of a weight: outputs of a product, or tokens of a table. */
interface RowRun {
  readonly first: number;
  readonly count: number;
}

/** Tensors of a weight, or of some of its rows. */
export type ReadPart = readonly {
  readonly tensor: StoredWeight;
  readonly shape: readonly number[];
  readonly bytes: () => Promise<Uint8Array>;
}[];

export function wholeOf({ tensors }: WeightData, read: ReadTensor): ReadPart {
  return tensors.map((tensor) => ({
    ...{ tensor, shape: tensor.shape },
    bytes: () => read(tensor, 0, weightBytes(tensor)),
  }));
}

/** Some rows of a weight, as if it had no others. */
export function partOf({ tensors, holds }: WeightData, runs: readonly RowRun[], read: ReadTensor): ReadPart {
  const count = runs.reduce((sum, run) => sum + run.count, 0);
  return tensors.map((tensor, index) => {
    if (holds?.isTransposed && index === 0) {
      const [input = 0] = tensor.shape;
      return { tensor, shape: [input, count], bytes: () => columnsOf(tensor, runs, read) };
    }
    const [rows = 1, ...rest] = tensor.shape;
    const rowBytes = weightBytes(tensor) / rows;
    const bytes = async (): Promise<Uint8Array> =>
      concatBytes(
        await Promise.all(
          runs.map((run) => read(tensor, run.first * rowBytes, (run.first + run.count) * rowBytes)),
        ),
      );
    return { tensor, shape: [count, ...rest], bytes };
  });
}

/** Columns of codes [in, out], one byte each. */
async function columnsOf(
  tensor: StoredWeight,
  runs: readonly RowRun[],
  read: ReadTensor,
): Promise<Uint8Array> {
  const [input = 0, out = 0] = tensor.shape;
  const parts: Uint8Array[] = [];
  for (let row = 0; row < input; row++) {
    for (const { first, count } of runs) {
      parts.push(await read(tensor, row * out + first, row * out + first + count));
    }
  }
  return concatBytes(parts);
}

/** Runs of a product's outputs whose weights have at most that many bytes. */
export function windowsOf(data: WeightData, most: number): readonly RowRun[] {
  const out = rowsOfWeight(data);
  const step = Math.max(1, Math.floor((out * most) / bytesOfWeight(data)));
  return Array.from({ length: Math.ceil(out / step) }, (_, index) => {
    const first = index * step;
    return { first, count: Math.min(step, out - first) };
  });
}
