import type { App } from '../app.svelte';
import { formatCount, formatPercent, plural } from '../shared/format';
import { text } from './text';

export type StepId = keyof typeof text.titles;
export type Tone = 'todo' | 'busy' | 'done' | 'problem';

export interface StepStatus {
  readonly id: StepId;
  readonly title: string;
  readonly tone: Tone;
  /** In two or three words. */
  readonly words: string;
}

/** How the five steps stand. Reads state: call it within `$derived`. */
export function stepStatuses(app: App): readonly StepStatus[] {
  return [modelStatus(app), examplesStatus(app), trainStatus(app), chatStatus(app), takeawayStatus(app)];
}

function make(id: StepId, tone: Tone, words: string): StepStatus {
  return { id, title: text.titles[id], tone, words };
}

function modelStatus({ model, candidate }: App): StepStatus {
  if (model.busy) {
    const { fraction } = model.progress ?? {};
    const far = model.busyLong && fraction !== undefined;
    return make('model', 'busy', far ? formatPercent(fraction) : text.status.opening);
  }
  if (model.error || candidate.error) return make('model', 'problem', text.status.problem);
  if (model.stopped) return make('model', 'todo', text.status.stopped);
  if (model.report) return make('model', 'done', model.report.name);
  return make('model', 'todo', text.status.waiting);
}

function examplesStatus({ examples }: App): StepStatus {
  if (examples.busy) return make('examples', 'busy', text.status.reading);
  if (examples.error) return make('examples', 'problem', text.status.problem);
  const count = examples.report?.examples ?? 0;
  if (count > 0) return make('examples', 'done', plural(count, 'example'));
  if (examples.report) return make('examples', 'problem', text.status.problem);
  return make('examples', 'todo', text.status.waiting);
}

function trainStatus({ training, settings, runs }: App): StepStatus {
  const { last } = training;
  switch (training.phase) {
    case 'preparing':
    case 'recovering':
    case 'running':
      return make(
        'train',
        'busy',
        last ? text.status.step(formatCount(last.step), formatCount(last.steps)) : text.status.opening,
      );
    case 'paused':
      return make('train', 'busy', text.status.paused);
    case 'finished':
    case 'stopped':
      if (training.refused) return make('train', 'problem', text.status.problem);
      return make('train', 'done', training.phase === 'finished' ? text.status.done : text.status.stopped);
    case 'failed':
      return make('train', 'problem', text.status.problem);
    case 'idle': {
      const problem = !settings.valid && settings.values !== undefined;
      if (problem || training.planError || training.plan?.fits === false)
        return make('train', 'problem', text.status.problem);
      if (runs.unfinished) return make('train', 'todo', text.status.paused);
      return make('train', 'todo', training.plan ? text.status.ready : text.status.waiting);
    }
  }
}

function chatStatus({ chat, canChat, takeaway }: App): StepStatus {
  if (chat.speaking) return make('chat', 'busy', text.status.answering);
  if (!canChat) return make('chat', 'todo', text.status.waiting);
  return takeaway.adapter
    ? make('chat', 'done', text.status.both)
    : make('chat', 'todo', text.status.baseOnly);
}

function takeawayStatus({ takeaway }: App): StepStatus {
  if (takeaway.exportError || takeaway.importError) return make('takeaway', 'problem', text.status.problem);
  return takeaway.adapter
    ? make('takeaway', 'done', text.status.adapter)
    : make('takeaway', 'todo', text.status.nothing);
}
