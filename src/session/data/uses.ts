import type { DataSettings } from '../../core/settings/settings';
import type { SourceOptions } from '../../core/settings/sources';
import { optionsOf, type Assembled } from './assembling';
import type { ReadFacts } from './read_facts';
import type { Reading } from './reading';

/** A file as it was read, and the use of its examples. */
export interface SourceFacts extends ReadFacts {
  /** Its examples in a pass of training; one that occurs several times counts as often. */
  readonly trained: number;
  readonly heldOut: number;
  /** Its options: those of the setting, and what a dataset_info.json says. */
  readonly options: SourceOptions;
}

/** The facts about each file with the use of its examples. */
export function usesOf(
  { facts, sourceOf }: Pick<Reading, 'facts' | 'sourceOf'>,
  { train, heldOut }: Pick<Assembled, 'train' | 'heldOut'>,
  settings: Pick<DataSettings, 'sources'>,
): readonly SourceFacts[] {
  const countOf = (indices: Uint32Array): Uint32Array => {
    const counts = new Uint32Array(facts.length);
    for (const index of indices) counts[sourceOf(index)]!++;
    return counts;
  };
  const [trained, held] = [countOf(train), countOf(heldOut)];
  return facts.map((each, source) => ({
    ...each,
    trained: trained[source]!,
    heldOut: held[source]!,
    options: optionsOf(settings, each.name),
  }));
}
