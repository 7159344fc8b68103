import type { App } from '../app.svelte';
import { unfilledPlaceholders } from '../examples/placeholders';
import type { StepId } from './route.svelte';
import { t } from '../language.svelte';

/** `look` is a warning that blocks nothing. */
export type Tone = 'todo' | 'busy' | 'paused' | 'done' | 'look' | 'problem';

/** The status of a step. */
export interface StepStatus {
  readonly tone: Tone;
  /** Two or three words about it. */
  readonly words: string;
}

/** The status of each step and of the past runs. Reads state: call it within `$derived`. */
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
const problem = (): StepStatus => ({ tone: 'problem', words: t.shell.status.problem });

function modelStatus({ model, candidate, work }: App): StepStatus {
  if (model.busy) {
    const { fraction } = model.progress ?? {};
    const far = model.busyLong && fraction !== undefined;
    return busy(far ? t.format.percent(fraction) : t.shell.status.opening);
  }
  // The open model stays usable if another one can't be looked at.
  if (model.error || (candidate.error && !model.report)) return problem();
  if (model.stopped) return todo(t.shell.status.stopped);
  if (model.report) return done(model.report.name);
  return work?.kind === 'opening_run' ? busy(t.shell.status.opening) : todo(t.shell.status.waiting);
}

function examplesStatus({ examples, more, settings }: App): StepStatus {
  if (examples.busy) return busy(t.shell.status.reading);
  if (more.doing !== undefined) return busy(t.shell.status.writing);
  if (examples.error || examples.report?.obstacle) return problem();
  const count = examples.report?.examples ?? 0;
  const unfilled = unfilledPlaceholders(examples.report, settings.values);
  if (unfilled.length > 0) return { tone: 'look', words: t.shell.status.placeholders(unfilled.length) };
  const unusable = examples.unusable.length;
  if (count > 0 && unusable > 0) return { tone: 'look', words: t.shell.status.unusable(unusable) };
  if (count > 0) return done(t.shared.examples(count));
  return examples.report ? problem() : todo(t.shell.status.waiting);
}

function trainStatus({ training, examples, settings, runs }: App): StepStatus {
  const { last, phase } = training;
  const ended = phase === 'finished' || phase === 'stopped';
  switch (ended && examples.changed ? 'idle' : phase) {
    case 'preparing':
    case 'recovering':
    case 'running':
      return busy(
        last
          ? t.shell.status.step(t.format.count(last.step), t.format.count(last.steps))
          : t.shell.status.preparing,
      );
    case 'paused':
      return { tone: 'paused', words: t.shell.status.paused };
    case 'finished':
    case 'stopped':
      if (training.refused) return problem();
      return done(training.phase === 'finished' ? t.shell.status.done : t.shell.status.stopped);
    case 'failed':
      return problem();
    case 'idle': {
      const wrong = !settings.valid && settings.values !== undefined;
      if (wrong || training.planError || training.plan?.fits === false) return problem();
      if (runs.unfinished) return todo(t.shell.status.paused);
      return todo(training.plan ? t.shell.status.ready : t.shell.status.waiting);
    }
  }
}

function chatStatus({ work, canChat, chat, exports, onnx }: App): StepStatus {
  if (work?.kind === 'answering') return busy(t.shell.status.answering);
  if (!chat.settings.valid) return problem();
  if (!canChat) return todo(t.shell.status.waiting);
  if (onnx.report) return done(t.shell.status.exportOpen);
  return exports.adapter ? done(t.shell.status.both) : todo(t.shell.status.baseOnly);
}

function exportStatus({ work, exports, noise }: App): StepStatus {
  if (exports.exportError || exports.importError || noise.error) return problem();
  if (work?.kind === 'exporting') return busy(t.shell.status.writing);
  if (work?.kind === 'reducing') return busy(t.shell.status.reducing);
  return exports.adapter ? done(t.shell.status.adapter) : todo(t.shell.status.nothing);
}

function runsStatus({ runs }: App): StepStatus {
  if (runs.error || runs.unreadable.length > 0) return problem();
  return runs.list.length > 0 ? done(t.shared.runs(runs.list.length)) : todo(t.shell.status.noRuns);
}
