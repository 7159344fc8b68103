import type { ListedRun } from '../../worker/protocol';

/** All tags of the runs, sorted. */
export function tagsOf(list: readonly ListedRun[]): readonly string[] {
  return [...new Set(list.flatMap(({ tags = [] }) => tags))].sort((a, b) => a.localeCompare(b));
}

/** The names of the runs' models, sorted. */
export function modelsOf(list: readonly ListedRun[]): readonly string[] {
  return [...new Set(list.map(({ modelName }) => modelName))].sort((a, b) => a.localeCompare(b));
}
