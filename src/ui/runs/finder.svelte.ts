import { picklist } from 'valibot';
import type { ListedRun } from '../../worker/protocol';
import { keep, readKept } from '../shared/persist';
import { nameOf } from './name';
import { modelsOf, tagsOf } from './choices';
import { t } from '../language.svelte';

export const SORTS = ['newest', 'oldest', 'name', 'model', 'loss'] as const;
export type Sort = (typeof SORTS)[number];

const storageKey = 'runs.sort';

/** Finds past runs by words, tag and model, and sorts them. */
export class RunFinder {
  words = $state('');
  /** Only runs with this tag; empty for all. */
  tag = $state('');
  /** Only runs of this model; empty for all. */
  model = $state('');
  sort: Sort = $state(readKept(storageKey, picklist(SORTS)) ?? 'newest');

  sortBy(sort: Sort): void {
    this.sort = sort;
    keep(storageKey, sort);
  }

  /** Finds all runs again. */
  clear(): void {
    this.words = this.tag = this.model = '';
  }

  /**
   * The runs that have every word in their name, tags, notes, model, files or date, and the chosen tag and model. A tag or a
   * model that no run has any more chooses nothing. `list` must have the newest first.
   */
  find(list: readonly ListedRun[]): readonly ListedRun[] {
    const words = this.words
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '');
    const tag = tagsOf(list).includes(this.tag) ? this.tag : '';
    const model = modelsOf(list).includes(this.model) ? this.model : '';
    const found = list.filter((run) => {
      if (tag !== '' && !run.tags?.includes(tag)) return false;
      if (model !== '' && run.modelName !== model) return false;
      const searched = searchedText(run);
      return words.every((word) => searched.includes(word));
    });
    return found.toSorted(orders[this.sort]);
  }
}

/** `toSorted` is stable, so equal runs stay in their order, the newest first. */
const orders: Readonly<Record<Sort, (a: ListedRun, b: ListedRun) => number>> = {
  newest: (a, b) => Number(b.startedAt > a.startedAt) - Number(b.startedAt < a.startedAt),
  oldest: (a, b) => Number(a.startedAt > b.startedAt) - Number(a.startedAt < b.startedAt),
  name: (a, b) => nameOf(a).localeCompare(nameOf(b)),
  model: (a, b) => a.modelName.localeCompare(b.modelName),
  // A run without a loss comes last.
  loss: (a, b) => lossOf(a) - lossOf(b),
};

function lossOf({ evalLoss, loss }: ListedRun): number {
  return evalLoss ?? loss ?? Number.MAX_VALUE;
}

function searchedText(run: ListedRun): string {
  const { id, modelName, dataFiles, startedAt, tags = [], notes = '' } = run;
  return [nameOf(run), modelName, ...tags, notes, ...dataFiles, id, startedAt, t.format.date(startedAt)]
    .join('\n')
    .toLowerCase();
}
