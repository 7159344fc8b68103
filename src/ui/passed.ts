import { classOf, type ErrorClass } from '../core/error_codes';
import type { ErrorDescription } from '../core/errors';
import type { ChatState } from './chat/chat.svelte';
import type { ExamplesState } from './examples/examples.svelte';
import type { HubDataState } from './examples/files/hub/hub_data.svelte';
import type { ExportState } from './export/export.svelte';
import type { CandidateState } from './model/candidate.svelte';
import type { ModelChoice } from './model/choice.svelte';
import type { ModelState } from './model/model.svelte';
import type { SavedModelsState } from './model/saved.svelte';
import type { RunsState } from './runs/runs.svelte';
import type { SearchState } from './model/search.svelte';

interface Parts {
  readonly model: Pick<ModelState, 'error' | 'wanted' | 'dismiss' | 'again'>;
  readonly examples: Pick<ExamplesState, 'error' | 'again'>;
  readonly search: Pick<SearchState, 'error'>;
  readonly hubData: Pick<HubDataState, 'error'>;
  readonly candidate: Pick<CandidateState, 'error'>;
  readonly choice: Pick<ModelChoice, 'refresh'>;
  readonly exports: Pick<ExportState, 'exportError'>;
  readonly saved: Pick<SavedModelsState, 'error' | 'refresh'>;
  readonly chat: { readonly kept: Pick<ChatState['kept'], 'again'> };
  readonly runs: Pick<RunsState, 'error' | 'failures' | 'dismiss' | 'refresh'>;
}

/**
 * Removes the errors whose cause has passed: the network is back, a token was entered, or storage has room again. The
 * demo and the examples are then read again; another model that could not be opened waits for the visitor.
 */
export function forgetPassed(cause: ErrorClass, parts: Parts): void {
  const { model, examples, search, hubData, candidate, choice, exports, saved, chat, runs } = parts;
  const has = (error: ErrorDescription | undefined): boolean =>
    error !== undefined && classOf(error.code) === cause;
  if (has(model.error)) {
    if (model.wanted.kind === 'demo') model.again();
    else model.dismiss();
  }
  if (has(examples.error)) examples.again();
  if (has(search.error)) search.error = undefined;
  if (has(hubData.error)) hubData.error = undefined;
  if (has(candidate.error)) choice.refresh();
  if (has(exports.exportError)) exports.exportError = undefined;
  if (has(saved.error)) void saved.refresh();
  if (has(runs.error)) void runs.refresh();
  // A conversation that is not stored does not say why.
  if (cause === 'full') chat.kept.again();
  for (const [id, error] of runs.failures) if (has(error)) runs.dismiss(id);
}
