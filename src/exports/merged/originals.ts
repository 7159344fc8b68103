import { TunesmithError } from '../../core/errors';
import type { Message } from '../../core/messages/message';
import { sameShape } from '../../core/shape';
import type { ModelLayout } from '../../models/layout';
import { checkpointTensors, type ModelSpec } from '../../models/spec';
import type { StoredWeights } from '../../models/stored/stored_weight';

/** Sizes of differences between weights, relative to the trained base: ‖difference‖ / ‖W‖ over some rows. */
export interface MeasuredOriginals {
  /** Of the original base to the one that the adapter was trained on: the error of its quantisation. */
  readonly base: number;
  /** Of the trained base with its adapter to the one without. */
  readonly adapter: number;
}

/** How far the fetching of a base's original files is. */
export interface FetchProgress {
  readonly label: Message;
  readonly fraction?: number;
  readonly bytes?: number;
  readonly totalBytes?: number;
  readonly bytesPerSecond?: number;
  readonly etaSeconds?: number;
}

export interface FetchOptions {
  readonly onProgress: (progress: FetchProgress) => void;
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

/** Throws `export_originals_quantised` naming the first of these matrices that the files too hold quantised, or lack. */
export function requireOriginals(names: readonly string[], stored: StoredWeights): void {
  const tensor = names.find((name) => stored.get(name)?.kind !== 'dense');
  if (tensor === undefined) return;
  throw new TunesmithError({ code: 'export_originals_quantised', values: { tensor } });
}

/** Throws `export_originals_differ` naming the first matrix of a base that the other model lacks in this shape. */
export function requireSameShapes(base: ModelSpec, other: ModelSpec): void {
  const shapes = new Map(checkpointTensors(other).map(({ name, shape }) => [name, shape]));
  const matrices = checkpointTensors(base).filter(({ kind }) => kind !== 'vector');
  const differs = matrices.find(({ name, shape }) => !sameShape(shapes.get(name) ?? [], shape));
  if (!differs) return;
  throw new TunesmithError({ code: 'export_originals_differ', values: { tensor: differs.name } });
}
