import { NEAREST } from '../../core/dtype';
import { elementCount } from '../../core/shape';
import { rowRuns } from '../../models/base_rows';
import type { CheckOptions, ExportSource } from '../format';
import { mergedVector, mergeOf, trainedBase, type BaseWeights } from '../merged/weights';
import { exportDiffers } from '../run';
import { DeltaShare } from './share';
import type { Rounding } from './rounding';
import type { WrittenTensor } from './written_tensor';

/** The result of reading all weights back. */
export interface WeightCheck {
  /** As in `ExportCheck`. */
  readonly share: number | undefined;
  /** The relative rounding error of each matrix. */
  readonly errors: readonly number[];
  /** That of all matrices together. */
  readonly error: number;
}

export interface WeightCheckOptions extends CheckOptions {
  /** The weights below the adapter, if they are not those on the device. */
  readonly base?: BaseWeights;
}

/** Rows of each matrix that are rounded again, so that they must be equal to the bit. */
const SAMPLED_ROWS = 8;

/**
 * Reads all weights of an export back and compares them with base and adapter, row by row:
 *
 * - The error of each block is at most what the format's rounding explains.
 * - A few rows of each matrix equal the rounded rows of base and adapter to the bit.
 * - The adapter's share, Σ (written − base) · δ / Σ δ² over its change δ of all weights, is nearer to 1 than to 0, if its
 *   statistical error lets that be told. Rounding may lose a small change, even if every weight is rounded correctly:
 *   the model then behaves as untrained.
 *
 * Holds one run of rows at a time.
 *
 * @throws TunesmithError `export_differs` naming the tensor, `export_rounded_away`, and the signal's reason
 */
export async function checkWeights(
  source: ExportSource,
  tensors: readonly WrittenTensor[],
  { base = trainedBase(source), onProgress = () => undefined, signal }: WeightCheckOptions = {},
): Promise<WeightCheck> {
  const total = tensors.reduce((sum, { from }) => sum + elementCount(from.shape), 0);
  const whole = new DeltaShare();
  const errors: number[] = [];
  let [squares, errorSquares, done] = [0, 0, 0];
  for (const tensor of tensors) {
    signal?.throwIfAborted();
    if (tensor.from.kind === 'vector') await checkVector(source, tensor, base);
    else {
      const matrix = await checkMatrix(source, tensor, base, whole, (rows) => {
        signal?.throwIfAborted();
        onProgress((done + rows * (tensor.from.shape[1] ?? 1)) / total);
      });
      errors.push(ratio(matrix.errorSquares, matrix.squares));
      squares += matrix.squares;
      errorSquares += matrix.errorSquares;
    }
    done += elementCount(tensor.from.shape);
    onProgress(done / total);
  }
  return { share: whole.requireKept(), errors, error: ratio(errorSquares, squares) };
}

function ratio(errorSquares: number, squares: number): number {
  return squares === 0 ? 0 : Math.sqrt(errorSquares / squares);
}

async function checkVector(
  source: ExportSource,
  { name, from, rounding, add, rows }: WrittenTensor,
  base: BaseWeights,
): Promise<void> {
  const added = add ?? 0;
  const own = await mergedVector(source, from, base);
  const written = await rows(0, own.length);
  const isEqual = own.every((value, i) => {
    const meant = value + (from.add ?? 0);
    const stored = Float32Array.of(meant - added);
    // The values on the device include what is added to them, rounded to f32.
    const allowed = rounding.allowed(stored, 0) + 4 * NEAREST.F32 * (Math.abs(meant) + 1);
    return Math.abs(written[i]! + added - meant) <= allowed;
  });
  if (written.length !== own.length || !isEqual) throw differs(name);
}

async function checkMatrix(
  source: ExportSource,
  { name, from, rounding, rows }: WrittenTensor,
  base: BaseWeights,
  whole: DeltaShare,
  onRows: (done: number) => void,
): Promise<{ readonly squares: number; readonly errorSquares: number }> {
  const [out = 0, input = 0] = from.shape;
  const merge = mergeOf(source, from.name.replace(/\.weight$/, ''));
  const sampled = sampledRows(out);
  const sums = { squares: 0, errorSquares: 0 };
  for (const run of rowRuns(out, input)) {
    onRows(run.first);
    const below = await base.rows(from, run);
    const merged = merge ? below.slice() : below;
    merge?.(merged, run.first);
    const written = await rows(run.first, run.count);
    if (!addErrors(sums, merged, written, rounding)) throw differs(name);
    if (merge) whole.add(below, merged, written, input);
    for (const row of sampled) {
      if (row < run.first || row >= run.first + run.count) continue;
      const at = (row - run.first) * input;
      const rounded = await rounding.rounded(merged.slice(at, at + input), input);
      if (!rounded.every((value, i) => value === written[at + i])) throw differs(name);
    }
  }
  return sums;
}

/** Rows spread evenly over a matrix, including the first and the last. */
function sampledRows(out: number): readonly number[] {
  const count = Math.min(SAMPLED_ROWS, out);
  return Array.from({ length: count }, (_, i) => Math.round((i * (out - 1)) / Math.max(1, count - 1)));
}

/** Adds the squares of a run of rows; false if the error of a block is larger than its rounding explains. */
function addErrors(
  sums: { squares: number; errorSquares: number },
  exact: Float32Array,
  written: Float32Array,
  { block, allowed }: Rounding,
): boolean {
  if (written.length !== exact.length) return false;
  for (let first = 0; first < exact.length; first += block) {
    let errors = 0;
    for (let i = first; i < first + block; i++) {
      const value = exact[i]!;
      const error = written[i]! - value;
      errors += error * error;
      sums.squares += value * value;
    }
    sums.errorSquares += errors;
    const most = allowed(exact, first);
    // Written with "not", so that NaN fails.
    if (!(errors <= block * most * most * (1 + 2 ** -20))) return false;
  }
  return true;
}

function differs(name: string): Error {
  return exportDiffers({ detail: `${name} is not the base’s with its adapter.` });
}
