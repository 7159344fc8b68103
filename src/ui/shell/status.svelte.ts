import type { App } from '../app.svelte';
import { formatCount, formatPercent } from '../shared/format';
import type { StepId } from './route.svelte';
import { t } from '../language.svelte';
import { text } from './text';

export type Tone = 'todo' | 'busy' | 'done' | 'problem';

/** How a step stands. */
export interface StepStatus {
  readonly tone: Tone;
  /** Two or three words about it. */
  readonly words: string;
}

/** How each step and the past runs stand. Reads state: call it within `$derived`. */
export function stepStatuses(app: App): Readonly<Record<StepId, StepStatus>> {
  return {
    model: modelStatus(app),
    examples: examplesStatus(app),
    train: trainStatus(app),
    chat: chatStatus(app),
    export: exportStatus(app),
    runs: runsStatus(app),
  };
}

const todo = (words: string): StepStatus => ({ tone: 'todo', words });
const busy = (words: string): StepStatus => ({ tone: 'busy', words });
const done = (words: string): StepStatus => ({ tone: 'done', words });
const problem = (): StepStatus => ({ tone: 'problem', words: text.status.problem });

function modelStatus({ model, candidate }: App): StepStatus {
  if (model.busy) {
    const { fraction } = model.progress ?? {};
    const far = model.busyLong && fraction !== undefined;
    return busy(far ? formatPercent(fraction) : text.status.opening);
  }
  if (model.error || candidate.error) return problem();
  if (model.stopped) return todo(text.status.stopped);
  return model.report ? done(model.report.name) : todo(text.status.waiting);
}

function examplesStatus({ examples }: App): StepStatus {
  if (examples.busy) return busy(text.status.reading);
  if (examples.error) return problem();
  const count = examples.report?.examples ?? 0;
  if (count > 0) return done(t.shared.examples(count));
  return examples.report ? problem() : todo(text.status.waiting);
}

function trainStatus({ training, settings, runs }: App): StepStatus {
  const { last } = training;
  switch (training.phase) {
    case 'preparing':
    case 'recovering':
    case 'running':
      return busy(
        last ? text.status.step(formatCount(last.step), formatCount(last.steps)) : text.status.opening,
      );
    case 'paused':
      return busy(text.status.paused);
    case 'finished':
    case 'stopped':
      if (training.refused) return problem();
      return done(training.phase === 'finished' ? text.status.done : text.status.stopped);
    case 'failed':
      return problem();
    case 'idle': {
      const wrong = !settings.valid && settings.values !== undefined;
      if (wrong || training.planError || training.plan?.fits === false) return problem();
      if (runs.unfinished) return todo(text.status.paused);
      return todo(training.plan ? text.status.ready : text.status.waiting);
    }
  }
}

function chatStatus({ chat, canChat, exports }: App): StepStatus {
  if (chat.speaking) return busy(text.status.answering);
  if (!canChat) return todo(text.status.waiting);
  return exports.adapter ? done(text.status.both) : todo(text.status.baseOnly);
}

function exportStatus({ exports }: App): StepStatus {
  if (exports.exportError || exports.importError) return problem();
  if (exports.exporting) return busy(text.status.writing);
  return exports.adapter ? done(text.status.adapter) : todo(text.status.nothing);
}

function runsStatus({ runs }: App): StepStatus {
  if (runs.error || runs.unreadable.length > 0) return problem();
  return runs.list.length > 0 ? done(t.shared.runs(runs.list.length)) : todo(text.status.noRuns);
}
