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
  readonly leakedExamples: Uint32Array<ArrayBuffer>;
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
  {
    examples,
    sourceOf,
    contentOf,
    isHeldOut,
  }: Pick<Reading, 'examples' | 'sourceOf' | 'contentOf' | 'isHeldOut'>,
  names: readonly string[],
  settings: DataSettings,
): Assembled {
  const { eval_split, mix_strategy, seed } = settings;
  const options = names.map((name) => optionsOf(settings, name));
  const files = Uint32Array.from({ length: examples.length }, (_, index) => sourceOf(index));
  const isGiven = (index: number): boolean =>
    isHeldOut(index) || options[files[index] ?? -1]?.split === 'eval';
  const split = splitHeldOut(files, eval_split, seed, isGiven);
  const evaluated = new Set(Array.from(split.heldOut, contentOf));
  const isLeaked = (index: number): boolean => evaluated.has(contentOf(index));
  const train = split.train.filter((index) => !isLeaked(index));
  const parts = names.map((_, file) => ({
    ...options[file],
    indices: train.filter((index) => files[index] === file),
  }));
  return {
    train: mixed(parts, mix_strategy, seed),
    heldOut: split.heldOut,
    leakedExamples: split.train.filter(isLeaked),
  };
}
