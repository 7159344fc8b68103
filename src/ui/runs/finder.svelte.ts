import { picklist } from 'valibot';
import type { ListedRun } from '../../worker/protocol';
import { keep, readKept } from '../shared/persist';
import { nameOf } from './name';
import { t } from '../language.svelte';

export const SORTS = ['newest', 'oldest', 'name', 'model', 'loss'] as const;
export type Sort = (typeof SORTS)[number];

const storageKey = 'runs.sort';

/** Finds past runs by words, and sorts them. */
export class RunFinder {
  words = $state('');
  sort: Sort = $state(readKept(storageKey, picklist(SORTS)) ?? 'newest');

  sortBy(sort: Sort): void {
    this.sort = sort;
    keep(storageKey, sort);
  }

  /** The runs that have every word in their name, model, files or date. `list` must have the newest first. */
  find(list: readonly ListedRun[]): readonly ListedRun[] {
    const words = this.words
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '');
    const found = list.filter((run) => {
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
  const { id, modelName, dataFiles, startedAt } = run;
  return [nameOf(run), modelName, ...dataFiles, id, startedAt, t.format.date(startedAt)]
    .join('\n')
    .toLowerCase();
}
