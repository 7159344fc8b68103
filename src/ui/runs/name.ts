import type { RunRecord } from '../../worker/protocol';
import { t } from '../language.svelte';

/** What a run is called: by the name that it was given, else by its model and its time. */
export function nameOf({
  name,
  modelName,
  startedAt,
}: Pick<RunRecord, 'name' | 'modelName' | 'startedAt'>): string {
  return name ?? t.runs.defaultName(modelName, startedAt);
}
