import { t } from '../language.svelte';
import { nameOf } from '../runs/name';
import type { RunsState } from '../runs/runs.svelte';
import type { Speaker } from './conversation';

/** The name of a speaker's adapter: a run has its present name, or its last one if it is removed. */
export function adapterNameOf({ adapter }: Pick<Speaker, 'adapter'>, runs: Pick<RunsState, 'get'>): string {
  return typeof adapter === 'string' ? adapter : nameOf(runs.get(adapter.id) ?? adapter);
}

/** The model with its adapter and the ONNX folder, those of them that there are, in words. */
export function speakerName(speaker: Speaker, runs: Pick<RunsState, 'get'>): string {
  const adapter = adapterNameOf(speaker, runs);
  const tuned = adapter === '' ? speaker.model : t.chat.withAdapter(speaker.model, adapter);
  if (speaker.export === undefined) return tuned;
  return tuned === '' ? t.chat.exportOf(speaker.export) : t.chat.withExport(tuned, speaker.export);
}
