import type { App } from '../app.svelte';
import { formatBytes, formatCount, formatDate, formatSeconds, plural } from '../shared/format';
import { say, sayError } from '../language.svelte';
import { text } from './text';

/** What the top of the page says, and the one thing to press. */
export interface Situation {
  readonly title: string;
  readonly body: string;
  readonly kind:
    | 'looking'
    | 'unusable'
    | 'start'
    | 'candidate'
    | 'unfinished'
    | 'opening'
    | 'fetching'
    | 'halted'
    | 'training'
    | 'ended'
    | 'failed';
}

/** Where the visitor stands. Reads state: call it within `$derived`. */
export function situationOf(app: App): Situation {
  const { engine, runs, training, model, candidate } = app;
  if (engine.failure) return { kind: 'unusable', title: text.demoTitle, body: text.noDevice };
  if (!engine.device) return { kind: 'looking', title: text.demoTitle, body: text.looking };
  if (!engine.usable) return { kind: 'unusable', title: text.demoTitle, body: text.noDevice };
  if (training.active) return trainingSituation(app);
  if (app.opening) return { kind: 'opening', title: text.opening, body: '' };
  if (model.busyLong)
    return { kind: 'fetching', title: text.fetchingTitle(model.name), body: text.fetchingBody };
  if (training.phase === 'failed') {
    const step = training.checkpointStep;
    const kept = step > 0 ? text.failedKept(formatCount(step)) : text.failedNothing;
    return { kind: 'failed', title: text.failedTitle, body: kept };
  }
  if (runs.unfinished) {
    const { modelName, checkpointStep, steps, updatedAt } = runs.unfinished;
    const body = text.unfinishedBody(
      modelName,
      formatCount(checkpointStep),
      formatCount(steps),
      formatDate(updatedAt),
    );
    return { kind: 'unfinished', title: text.unfinishedTitle, body };
  }
  if (candidate.source) return candidateSituation(app);
  if (model.halted) {
    const body = model.stopped ? text.haltedStopped : (model.error?.message ?? '');
    return { kind: 'halted', title: text.haltedTitle(model.name), body };
  }
  // A run that was stopped before its first step has learned nothing.
  if (training.phase === 'finished' || (training.phase === 'stopped' && training.checkpointStep > 0)) {
    const title = training.phase === 'finished' ? text.finishedTitle : text.stoppedTitle;
    return { kind: 'ended', title, body: text.finishedBody };
  }
  return startSituation(app);
}

function trainingSituation({ training }: App): Situation {
  const { last, phase, message, progress } = training;
  const title = phase === 'paused' ? text.paused : phase === 'running' ? text.trainingTitle : text.opening;
  const where = last ? text.trainingBody(formatCount(last.step), formatCount(last.steps)) : '';
  return {
    kind: 'training',
    title,
    body: say((phase === 'running' ? '' : message) || progress?.label || where),
  };
}

function candidateSituation({ candidate, missingRoom }: App): Situation {
  const { name, preview, error } = candidate;
  const kind = 'candidate';
  if (error) return { kind, title: name, body: sayError(error).message };
  if (!preview) return { kind, title: name, body: text.candidateLooking };
  const { downloadBytes, memoryTotal, fits } = preview;
  if (!fits) return { kind, title: text.candidateTitle(name), body: text.candidateTooLarge };
  if (missingRoom !== undefined)
    return { kind, title: text.candidateTitle(name), body: text.candidateNoRoom(formatBytes(missingRoom)) };
  const fetch = downloadBytes > 0 ? text.candidateFetch(formatBytes(downloadBytes)) : text.candidateKept;
  return {
    kind,
    title: text.candidateTitle(name),
    body: `${fetch} ${text.memory(formatBytes(memoryTotal))}`,
  };
}

function startSituation({ model, examples, training }: App): Situation {
  const { plan } = training;
  const demo = model.wanted.kind === 'demo' && !examples.own;
  const cost = plan && [
    plan.estimatedSeconds === undefined ? text.noTime : text.time(formatSeconds(plan.estimatedSeconds)),
    text.memory(formatBytes(plan.memoryTotal)),
  ];
  if (demo) return { kind: 'start', title: text.demoTitle, body: [text.demoBody, ...(cost ?? [])].join(' ') };
  const name = model.name === '' ? text.titles.model : model.name;
  const count = examples.report?.examples ?? 0;
  const title = examples.own ? text.ownTitle(name) : text.ownModelTitle(name);
  const problem =
    model.error || model.stopped
      ? 'model'
      : examples.error || examples.stopped
        ? 'examples'
        : training.planError
          ? 'train'
          : undefined;
  if (problem === 'train' && training.planError)
    return { kind: 'start', title, body: sayError(training.planError).message };
  if (problem) return { kind: 'start', title, body: text.needsLook(text.titles[problem]) };
  const body = plan && count > 0 ? text.ownBody(plural(count, 'example')) : text.ownMissing;
  return { kind: 'start', title, body: [body, ...(cost ?? [])].join(' ') };
}
