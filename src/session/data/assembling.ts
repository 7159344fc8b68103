import type { DataSettings } from '../../core/settings/settings';
import type { SourceOptions } from '../../core/settings/sources';
import { select, type ExampleList } from '../../data/example_list';
import { chosen, joined, mixed } from '../../data/mixing';
import { packed, piecesOf } from '../../data/packed_list';
import { splitHeldOut } from '../../data/splitting';
import { objectiveOf } from '../../models/objectives';
import { addedIn } from './data_source';
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
 * files. A row that a program or a model wrote is held out only if the person says so: it may be like one that is learnt.
 *
 * Rows that a file of edits adds follow the mixed files, each once: few of them would end an interleaved pass early, or
 * fill it. `max_samples` leaves out neither them nor a row that the person holds out.
 */
export function assemble(
  {
    examples,
    sourceOf,
    contentOf,
    isHeldOut,
    isGenerated,
    sources,
  }: Pick<Reading, 'examples' | 'sourceOf' | 'contentOf' | 'isHeldOut' | 'isGenerated' | 'sources'>,
  settings: Pick<DataSettings, 'sources' | 'eval_split' | 'max_samples' | 'mix_strategy' | 'seed'>,
): Assembled {
  const { eval_split, max_samples, mix_strategy, seed } = settings;
  const options = sources.map(({ file }) => optionsOf(settings, file.name));
  const isAdded = sources.map((source) => addedIn(source) !== undefined);
  const files = Uint32Array.from({ length: examples.length }, (_, index) => sourceOf(index));
  const isGiven = (index: number): boolean =>
    isHeldOut(index) || options[files[index] ?? -1]?.split === 'eval';
  const isAlwaysUsed = (index: number): boolean => isHeldOut(index) || isAdded[files[index]!] === true;
  const used = usedOfEach(files, max_samples ?? Infinity, isAlwaysUsed);
  const parted = splitHeldOut(
    used.map((index) => files[index]!),
    eval_split,
    seed,
    (at) => isGiven(used[at]!),
    (at) => isGenerated(used[at]!),
  );
  const split = {
    train: parted.train.map((at) => used[at]!),
    heldOut: parted.heldOut.map((at) => used[at]!),
  };
  // Those of a file for evaluation that its num_samples leaves out are not learnt either.
  const evaluated = new Set(Array.from(split.heldOut, contentOf));
  const isLeaked = (index: number): boolean => evaluated.has(contentOf(index));
  const train = split.train.filter((index) => !isLeaked(index));
  const parts = sources.map((_, file) => ({
    ...options[file],
    indices: train.filter((index) => files[index] === file && !isAdded[file]),
  }));
  const added = train.filter((index) => isAdded[files[index]!]);
  const sampleOf = (file: number): Uint32Array => {
    const indices = split.heldOut.filter((index) => files[index] === file);
    const { split: use, num_samples: count } = options[file] ?? {};
    return use === 'eval' && count !== undefined ? chosen(indices, count, seed, file) : indices;
  };
  return {
    train: joined([mixed(parts, mix_strategy, seed), added]),
    heldOut: Uint32Array.from(sources.flatMap((_, file) => [...sampleOf(file)])).sort(),
    leakedExamples: split.train.filter(isLeaked),
  };
}

/** The indices of the first examples of each file, as many as `most` of a file, and of those that are always used. */
function usedOfEach(
  files: Uint32Array,
  most: number,
  isAlwaysUsed: (index: number) => boolean,
): Uint32Array<ArrayBuffer> {
  const counts = new Map<number, number>();
  const isFirst = (file: number): boolean => {
    const count = (counts.get(file) ?? 0) + 1;
    counts.set(file, count);
    return count <= most;
  };
  const all = Uint32Array.from(files, (_, index) => index);
  return all.filter((index) => isFirst(files[index]!) || isAlwaysUsed(index));
}

/** Whether long examples are learnt in pieces, so that reading must not cut them off. */
export function isInPieces(settings: DataSettings): boolean {
  const { packing, packing_strategy } = settings;
  return objectiveOf(settings).inPieces || (packing && packing_strategy !== 'bfd');
}

/** Lists of examples as they are learnt. */
export class Lists {
  readonly #examples: ExampleList;
  readonly #settings: DataSettings;
  readonly #size: number;

  /** @param size most tokens of an example (`max_seq_length`) */
  constructor(examples: ExampleList, settings: DataSettings, size: number) {
    this.#examples = examples;
    this.#settings = settings;
    this.#size = size;
  }

  /** Examples that are not packed: for evaluation, or for a trainer that packs them itself. */
  async unpacked(indices?: Uint32Array): Promise<ExampleList> {
    const chosen = indices ? select(this.#examples, indices) : this.#examples;
    return isInPieces(this.#settings) ? await piecesOf(chosen, this.#size) : chosen;
  }

  /** Examples of training. Pieces that are packed whole lose nothing, so with them 'bfd' means 'bfd_split'. */
  async training(indices: Uint32Array): Promise<ExampleList> {
    const { packing, packing_strategy: strategy } = this.#settings;
    if (!packing) return await this.unpacked(indices);
    const wanted = strategy === 'bfd' && isInPieces(this.#settings) ? 'bfd_split' : strategy;
    return await packed(select(this.#examples, indices), this.#size, wanted);
  }
}
