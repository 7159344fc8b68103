import type { DataSettings } from '../../core/settings/settings';
import type { SourceOptions } from '../../core/settings/sources';
import { mixed } from '../../data/mixing';
import { splitHeldOut } from '../../data/splitting';
import type { Reading } from './reading';

/** The use of the examples, as their indices. */
export interface Assembled {
  /** Those of a pass, in their order; an index may occur several times. */
  readonly train: Uint32Array<ArrayBuffer>;
  /** Ascending. */
  readonly heldOut: Uint32Array<ArrayBuffer>;
  /** Examples that are left out of training because a held-out one has the same content. */
  readonly leaked: number;
}

/** The options of a file of examples. */
export function optionsOf({ sources }: Pick<DataSettings, 'sources'>, name: string): SourceOptions {
  return (Object.hasOwn(sources, name) ? sources[name] : undefined) ?? {};
}

/**
 * Splits the examples of all files, removes those from training that have the content of a held-out one, and mixes the
 * files.
 *
 * @param names of the files
 */
export function assemble(
  { examples, sourceOf, contentOf }: Pick<Reading, 'examples' | 'sourceOf' | 'contentOf'>,
  names: readonly string[],
  settings: DataSettings,
): Assembled {
  const { eval_split, mix_strategy, seed } = settings;
  const options = names.map((name) => optionsOf(settings, name));
  const files = Uint32Array.from({ length: examples.length }, (_, index) => sourceOf(index));
  const forEvaluation = new Set([...names.keys()].filter((file) => options[file]?.split === 'eval'));
  const split = splitHeldOut(files, eval_split, seed, forEvaluation);
  const evaluated = new Set(Array.from(split.heldOut, contentOf));
  const train = split.train.filter((index) => !evaluated.has(contentOf(index)));
  const parts = names.map((_, file) => ({
    ...options[file],
    indices: train.filter((index) => files[index] === file),
  }));
  return {
    train: mixed(parts, mix_strategy, seed),
    heldOut: split.heldOut,
    leaked: split.train.length - train.length,
  };
}
