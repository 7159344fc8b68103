import type { RunRecord } from '../../worker/protocol';
import { t } from '../language.svelte';

/** A run's name: the one that the visitor gave it, else its model and its time. */
export function nameOf({
  name,
  modelName,
  startedAt,
}: Pick<RunRecord, 'name' | 'modelName' | 'startedAt'>): string {
  return name ?? t.runs.defaultName(modelName, startedAt);
}
