import { TunesmithError } from '../../core/errors';
import type { StoredWeights } from '../../models/stored/stored_weight';
import { checkpointTensors, type TensorSpec } from '../../models/spec';
import type { ExportSource } from '../format';
import type { MeasuredOriginals } from './originals';
import { mergedAs, originalBase, trainedBase } from './weights';

/** Most matrices to measure, and rows of each. */
const MATRICES = 12;
const ROWS = 64;

/**
 * Two matrices without relation differ by √2 of their size; one and its rounding to two bits or more, by less than this.
 */
const RELATED = 0.5;

/**
 * Measures some rows of adapted matrices, spread over the model.
 *
 * @throws TunesmithError `export_originals_other` if these are the weights of another model
 */
export async function measureOriginals(
  source: ExportSource,
  stored: StoredWeights,
): Promise<MeasuredOriginals> {
  const [original, trained] = [originalBase(source, () => stored), trainedBase(source)];
  let [size, ofBase, ofAdapter] = [0, 0, 0];
  for (const tensor of measuredTensors(source)) {
    const run = { first: 0, count: Math.min(ROWS, tensor.shape[0] ?? 0) };
    const before = await trained.rows(tensor, run);
    const own = await original.rows(tensor, run);
    const merged = mergedAs(source, tensor, before.slice(), run.first);
    before.forEach((value, i) => {
      size += value ** 2;
      ofBase += (own[i]! - value) ** 2;
      ofAdapter += (merged[i]! - value) ** 2;
    });
  }
  const relative = (sum: number): number => Math.sqrt(sum / size);
  const measured = { base: relative(ofBase), adapter: relative(ofAdapter) };
  // Written with "not", so that NaN fails.
  if (measured.base <= RELATED) return measured;
  throw new TunesmithError({ code: 'export_originals_other', values: { difference: measured.base } });
}

function measuredTensors({ adapter, layout, quantised = [] }: ExportSource): readonly TensorSpec[] {
  const { modules, whole } = adapter.layout;
  const trained = new Set(whole.map(({ name }) => name));
  const adapted = new Set(
    modules.length > 0
      ? modules.map(({ path }) => `${path}.weight`)
      : quantised.filter((name) => !trained.has(name)),
  );
  const all = checkpointTensors(layout.spec).filter(({ name }) => adapted.has(name));
  const step = Math.max(1, all.length / MATRICES);
  return all.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step));
}
