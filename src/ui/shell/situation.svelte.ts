import type { App } from '../app.svelte';
import { formatBytes, formatCount, formatDate, formatSeconds } from '../shared/format';
import { say, sayError, t } from '../language.svelte';
import { nameOf } from '../runs/name';
import type { Arrival, Place, StepId } from './route.svelte';
import { text } from './text';

/** A button of the dock. */
export interface Action {
  readonly name: 'start' | 'continue' | 'afresh' | 'open' | 'again' | 'resume' | 'pause' | 'stop' | Place;
  readonly label: string;
  readonly enabled: boolean;
  readonly press: () => void;
}

/** Where the visitor stands: what the page says of it, and what there is to press. */
export interface Situation {
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
    | 'exporting'
    | 'ended'
    | 'failed';
  readonly title: string;
  readonly body: string;
  /** How far the work is that goes on. */
  readonly progress?: { readonly fraction: number | undefined; readonly etaSeconds: number | undefined };
  /** The one thing to press next. */
  readonly next?: Action;
  readonly others: readonly Action[];
}

/** Where the visitor stands now. Reads state: call it within `$derived`. */
export function situationOf(app: App): Situation {
  const { engine, runs, training, model, candidate, exports } = app;
  if (engine.failure || (engine.device && !engine.usable))
    return { kind: 'unusable', title: text.demoTitle, body: text.noDevice, next: start(app), others: [] };
  if (!engine.device)
    return { kind: 'looking', title: text.demoTitle, body: text.looking, next: start(app), others: [] };
  if (training.active) return trainingSituation(app);
  if (app.opening) return openingSituation(app);
  if (model.busyLong) return fetchingSituation(app);
  if (exports.exporting) {
    const stop = act('stop', text.stop, () => void exports.stop(), !exports.stopping);
    return { ...working('exporting', text.exporting, exports.progress), others: [stop] };
  }
  if (app.starting) return working('opening', text.opening, model.progress);
  if (training.phase === 'failed') return failedSituation(app);
  if (runs.unfinished) return unfinishedSituation(app, runs.unfinished);
  if (candidate.source) return candidateSituation(app);
  if (model.halted) {
    const body = model.stopped ? text.haltedStopped : model.error ? sayError(model.error).message : '';
    const label = model.stopped ? text.resume : text.tryAgain;
    const next = act('again', label, () => model.again());
    return { kind: 'halted', title: text.haltedTitle(model.name), body, next, others: see(app, 'model') };
  }
  // A run that was stopped before its first step has learned nothing.
  if (training.phase === 'finished' || (training.phase === 'stopped' && training.checkpointStep > 0))
    return endedSituation(app);
  return startSituation(app);
}

function act(name: Action['name'], label: string, press: () => void, enabled = true): Action {
  return { name, label, press, enabled };
}

const start = (app: App, label = isDemo(app) ? text.demoButton : text.ownButton): Action =>
  act('start', label, () => void app.start(), app.canStart);

/** A way to a place; none if it is on show. */
function see({ route }: App, place: Place, label = text.see, arrival?: Arrival): readonly Action[] {
  return route.place === place ? [] : [act(place, label, () => route.go(place, arrival))];
}

const isDemo = ({ model, examples }: App): boolean => model.wanted.kind === 'demo' && !examples.own;

function working(kind: Situation['kind'], title: string, progress: App['model']['progress']): Situation {
  const { label = '', fraction, etaSeconds } = progress ?? {};
  return { kind, title, body: say(label), progress: { fraction, etaSeconds }, others: [] };
}

function openingSituation({ runs, former }: App): Situation {
  const again = former.opening ? runs.get(former.run) : undefined;
  const title = again ? t.runs.reopening(nameOf(again)) : text.opening;
  const stop = act('stop', again ? t.runs.skip : text.stop, () => void runs.stopOpening());
  return { ...working('opening', title, runs.progress), others: [stop] };
}

function trainingSituation(app: App): Situation {
  const { training } = app;
  const { last, phase, message, progress } = training;
  const title = phase === 'paused' ? text.paused : phase === 'running' ? text.training : text.opening;
  const where = last ? text.stepOf(formatCount(last.step), formatCount(last.steps)) : '';
  const stop = act(
    'stop',
    training.asked === 'stop' ? text.stopping : text.stopAndKeep,
    () => void training.stop(),
    training.stoppable && training.asked !== 'stop',
  );
  const pause = act(
    'pause',
    training.asked === 'pause' ? text.pausing : text.pause,
    () => void training.pause(),
    phase === 'running' && training.asked === undefined,
  );
  const resume = act('resume', text.resume, () => void training.resume(), training.asked === undefined);
  const runningAt = [where, training.doing ? say(training.doing) : '']
    .filter((part) => part !== '')
    .join(' · ');
  const [watch] = see(app, 'train', text.watch);
  const next = phase === 'paused' ? resume : watch;
  return {
    kind: 'training',
    title,
    body: phase === 'running' ? runningAt : say(message || progress?.label || where),
    progress: {
      fraction: progress?.fraction ?? training.fraction ?? (last && last.step / last.steps),
      etaSeconds: progress?.etaSeconds ?? training.secondsLeft,
    },
    ...(next && { next }),
    others: phase === 'paused' ? [stop] : [stop, pause],
  };
}

function fetchingSituation(app: App): Situation {
  const { model } = app;
  const label = model.stopping ? text.stopping : text.stop;
  const stop = act('stop', label, () => void model.stop(), !model.stopping);
  return {
    ...working('fetching', text.fetchingTitle(model.name), model.progress),
    body: text.fetchingBody,
    others: [...see(app, 'model'), stop],
  };
}

function failedSituation(app: App): Situation {
  const { training } = app;
  const step = training.checkpointStep;
  const body = step > 0 ? text.failedKept(formatCount(step)) : text.failedNothing;
  const run = step > 0 ? app.failedRun : undefined;
  const next = run ? goOn(app, run) : start(app, text.again);
  return { kind: 'failed', title: text.failedTitle, body, next, others: see(app, 'train', text.seeError) };
}

const goOn = (app: App, run: App['runs']['list'][number]): Action =>
  act('continue', text.continueFrom(formatCount(run.checkpointStep)), () => void app.continueRun(run));

function unfinishedSituation(app: App, run: App['runs']['list'][number]): Situation {
  const { modelName, checkpointStep, steps, updatedAt } = run;
  const body = text.unfinishedBody(
    modelName,
    formatCount(checkpointStep),
    formatCount(steps),
    formatDate(updatedAt),
  );
  const afresh = act('afresh', text.afresh, () => app.runs.putAside(run));
  return { kind: 'unfinished', title: text.unfinishedTitle, body, next: goOn(app, run), others: [afresh] };
}

function candidateSituation(app: App): Situation {
  const { candidate, missingRoom } = app;
  const { name, preview, error } = candidate;
  const kind = 'candidate';
  const [look] = see(app, 'model', error ? text.seeError : text.candidateSee);
  const others =
    app.route.place === 'model' ? [] : [act('afresh', text.candidateNot, () => candidate.forget())];
  const unready = { kind, ...(look && { next: look }), others } as const;
  if (error) return { ...unready, title: name, body: sayError(error).message };
  if (!preview) return { ...unready, title: name, body: text.candidateLooking };
  const { downloadBytes, memoryTotal, fits } = preview;
  const title = text.candidateTitle(name);
  if (!fits) return { ...unready, title, body: text.candidateTooLarge };
  if (missingRoom !== undefined)
    return { ...unready, title, body: text.candidateNoRoom(formatBytes(missingRoom)) };
  const fetch = downloadBytes > 0 ? text.candidateFetch(formatBytes(downloadBytes)) : text.candidateKept;
  const label = downloadBytes > 0 ? text.candidateDownload : text.candidateOpen;
  return {
    kind,
    title,
    body: `${fetch} ${text.memory(formatBytes(memoryTotal))}`,
    next: act('open', label, () => app.openCandidate(), app.canOpenCandidate),
    others,
  };
}

function endedSituation(app: App): Situation {
  const title = app.training.phase === 'finished' ? text.finishedTitle : text.stoppedTitle;
  const ways = [...see(app, 'export', text.toExport), ...see(app, 'chat', text.toChat, 'field')];
  const next = ways.pop();
  const again = start(app, text.again);
  return {
    kind: 'ended',
    title,
    body: text.finishedBody,
    ...(next && { next }),
    others: [again, ...ways],
  };
}

/** The step that keeps training from being started. */
function obstacle({ model, examples, settings, training }: App): StepId | undefined {
  if (model.error || model.stopped) return 'model';
  if (examples.error || examples.stopped || examples.empty) return 'examples';
  const wrong = settings.values !== undefined && !settings.valid;
  if (wrong || training.planError || training.plan?.fits === false) return 'train';
  return undefined;
}

function startSituation(app: App): Situation {
  const { model, examples, training } = app;
  const { plan, planError } = training;
  const kind = 'start';
  const name = model.name === '' ? text.titles.model : model.name;
  const title = isDemo(app) ? text.demoTitle : examples.own ? text.ownTitle(name) : text.ownModelTitle(name);
  const step = obstacle(app);
  if (step) {
    const missing = step === 'examples' && !examples.error && examples.files.length === 0;
    const body =
      step === 'train' && planError
        ? sayError(planError).message
        : missing
          ? text.ownMissing
          : text.needsLook(text.titles[step]);
    const [look] = see(app, step, missing ? text.chooseExamples : text.see);
    return { kind, title, body, next: look ?? start(app), others: [] };
  }
  const count = examples.report?.examples ?? 0;
  const body = [
    isDemo(app)
      ? text.demoBody
      : plan && count > 0
        ? text.ownBody(t.shared.examples(count))
        : text.ownWaiting,
    ...(plan
      ? [
          plan.estimatedSeconds === undefined ? text.noTime : text.time(formatSeconds(plan.estimatedSeconds)),
          text.memory(formatBytes(plan.memoryTotal)),
        ]
      : []),
  ].join(' ');
  return { kind, title, body, next: start(app), others: [] };
}
