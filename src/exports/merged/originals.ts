import { TunesmithError } from '../../core/errors';
import type { OnProgress } from '../../core/progress';
import { sameShape } from '../../core/shape';
import type { ModelLayout } from '../../models/layout';
import { checkpointTensors } from '../../models/spec';
import type { StoredWeights } from '../../models/stored/stored_weight';

/** Sizes of differences between weights, relative to the trained base: ‖difference‖ / ‖W‖ over some rows. */
export interface MeasuredOriginals {
  /** Of the original base to the one that the adapter was trained on: the error of its quantisation. */
  readonly base: number;
  /** Of the trained base with its adapter to the one without. */
  readonly adapter: number;
}

export interface FetchOptions {
  readonly onProgress: OnProgress;
  readonly signal?: AbortSignal;
}

/** Lets `work` read the original weights of a base; downloads them if they are not here. */
export type ReadOriginals = <T>(
  check: (stored: StoredWeights) => void,
  work: (stored: StoredWeights) => Promise<T>,
  options: FetchOptions,
) => Promise<T>;

/** The weights that a base had before it was quantised. */
export interface Originals {
  /** Whether reading them downloads the model again. */
  readonly isRemote: boolean;
  readonly read: ReadOriginals;
}

/**
 * The matrices of a base that are quantised, on the device or already in its files.
 *
 * @param stored how the files store the weights, as far as it is known
 */
export function quantisedTensors({ tensors }: ModelLayout, stored?: StoredWeights): readonly string[] {
  return [...tensors].flatMap(([name, { kind }]) => {
    const inFiles = stored?.get(name)?.kind;
    return kind === 'packed' || inFiles === 'packed' || inFiles === 'requantised' ? [name] : [];
  });
}

/**
 * Checks that files hold these matrices of a base unquantised. Throws `export_originals_differ` naming one that is missing
 * or has another shape, `export_originals_quantised` naming one that is quantised.
 */
export function requireOriginals(
  { spec }: ModelLayout,
  names: readonly string[],
  stored: StoredWeights,
): void {
  const shapes = new Map(checkpointTensors(spec).map(({ name, shape }) => [name, shape]));
  for (const tensor of names) {
    const weight = stored.get(tensor);
    if (!weight) throw new TunesmithError({ code: 'export_originals_differ', values: { tensor } });
    if (weight.kind !== 'dense') {
      throw new TunesmithError({ code: 'export_originals_quantised', values: { tensor } });
    }
    if (sameShape(weight.tensor.shape, shapes.get(tensor) ?? [])) continue;
    throw new TunesmithError({ code: 'export_originals_differ', values: { tensor } });
  }
}
