import type { App } from '../app.svelte';
import { say, sayError, t } from '../language.svelte';
import { nameOf } from '../runs/name';
import type { Work } from '../work.svelte';
import type { Arrival, Place, StepId } from './route.svelte';

/** A button of the dock. */
export interface Action {
  readonly name: 'start' | 'continue' | 'afresh' | 'open' | 'again' | 'resume' | 'pause' | 'stop' | Place;
  readonly label: string;
  readonly enabled: boolean;
  readonly press: () => void;
}

/** The visitor's situation: the page's words about it, and the buttons. */
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
    | 'reducing'
    | 'writing'
    | 'ended'
    | 'failed';
  readonly title: string;
  readonly body: string;
  /** The progress of the running work. */
  readonly progress?: { readonly fraction: number | undefined; readonly etaSeconds: number | undefined };
  /** The primary button. */
  readonly next?: Action;
  readonly others: readonly Action[];
}

/** The visitor's present situation. Reads state: call it within `$derived`. */
export function situationOf(app: App): Situation {
  const { engine, runs, training, model, candidate, route, work } = app;
  if (engine.failure || (engine.device && !engine.usable))
    return {
      kind: 'unusable',
      title: t.shell.demoTitle,
      body: t.shell.noDevice,
      next: start(app),
      others: app.onnx.report ? see(app, 'chat', t.shell.toChat, 'field') : [tryExport(app)],
    };
  if (!engine.device)
    return { kind: 'looking', title: t.shell.demoTitle, body: t.shell.looking, next: start(app), others: [] };
  switch (work?.kind) {
    case 'training':
      return trainingSituation(app, work);
    case 'opening_run':
      return openingSituation(app, work);
    case 'opening_model':
      return fetchingSituation(app, work);
    case 'exporting':
      return { ...working('exporting', t.shell.exporting, work), others: [stopOf(work)] };
    case 'reducing':
      return { ...working('reducing', t.shell.reducing, work), others: [stopOf(work)] };
    case 'writing':
      return { ...working('writing', t.shell.writing, work), others: [stopOf(work)] };
    case 'starting':
      return working('opening', t.shell.opening, work);
  }
  if (training.phase === 'failed') return failedSituation(app);
  if (runs.unfinished) return unfinishedSituation(app, runs.unfinished);
  // If a model is open, the step “Model” says why another one can't be looked at.
  const elsewhere = candidate.error && model.report && route.place !== 'model';
  if (candidate.source && !elsewhere) return candidateSituation(app);
  if (model.halted) {
    const { stopped, dismissed, error } = model;
    const body = error ? sayError(error).message : dismissed ? t.model.dismissed : t.shell.haltedStopped;
    const label = stopped && !dismissed ? t.shell.resume : t.shell.tryAgain;
    const next = act('again', label, () => model.again());
    return { kind: 'halted', title: t.shell.haltedTitle(model.name), body, next, others: see(app, 'model') };
  }
  // A run that was stopped before its first step has no result. Other examples ask for another run.
  const ended =
    training.phase === 'finished' || (training.phase === 'stopped' && training.checkpointStep > 0);
  if (ended && !app.examples.changed) return endedSituation(app);
  return startSituation(app);
}

function act(name: Action['name'], label: string, press: () => void, enabled = true): Action {
  return { name, label, press, enabled };
}

const start = (app: App, label = isDemo(app) ? t.shell.demoButton : t.shell.ownButton): Action =>
  act('start', label, () => void app.start(), app.canStart);

/** A button for the one thing that needs no GPU. */
const tryExport = (app: App): Action => act('chat', t.shell.tryExport, () => app.askForExport());

/** A button that goes to a place; none if it is already shown. */
function see({ route }: App, place: Place, label = t.shell.see, arrival?: Arrival): readonly Action[] {
  return route.place === place ? [] : [act(place, label, () => route.go(place, arrival))];
}

const isDemo = ({ model, examples }: App): boolean => model.wanted.kind === 'demo' && !examples.own;

function working(
  kind: Situation['kind'],
  title: string,
  { label = '', fraction, etaSeconds }: Work,
): Situation {
  return { kind, title, body: say(label), progress: { fraction, etaSeconds }, others: [] };
}

function stopOf({ stop, stopping = false }: Work, label = t.shell.stop): Action {
  const enabled = stop !== undefined && !stopping;
  return act('stop', stopping ? t.shell.stopping : label, () => stop?.(), enabled);
}

function openingSituation({ runs, former }: App, work: Work): Situation {
  const again = former.opening ? runs.get(former.run) : undefined;
  const title = again ? t.runs.reopening(nameOf(again)) : t.shell.opening;
  return {
    ...working('opening', title, work),
    others: [stopOf(work, again ? t.runs.skip : t.shell.stop)],
  };
}

function trainingSituation(app: App, work: Work): Situation {
  const { training } = app;
  const { last, phase } = training;
  const title =
    phase === 'paused' ? t.shell.paused : phase === 'running' ? t.shell.training : t.shell.opening;
  const where = last ? t.shell.stepOf(t.format.count(last.step), t.format.count(last.steps)) : '';
  const stop = stopOf(work, t.shell.stopAndKeep);
  const pause = act(
    'pause',
    training.asked === 'pause' ? t.shell.pausing : t.shell.pause,
    () => void training.pause(),
    phase === 'running' && training.asked === undefined,
  );
  const resume = act('resume', t.shell.resume, () => void training.resume(), training.asked === undefined);
  const runningAt = [where, training.doing ? say(training.doing) : '']
    .filter((part) => part !== '')
    .join(' · ');
  const [watch] = see(app, 'train', t.shell.watch);
  const next = phase === 'paused' ? resume : watch;
  return {
    ...working('training', title, work),
    body: phase === 'running' ? runningAt : say(work.label || where || t.shell.gettingReady),
    ...(next && { next }),
    others: phase === 'paused' ? [stop] : [stop, pause],
  };
}

function fetchingSituation(app: App, work: Work): Situation {
  return {
    ...working('fetching', t.shell.fetchingTitle(app.model.name), work),
    body: t.shell.fetchingBody,
    others: [...see(app, 'model'), stopOf(work)],
  };
}

function failedSituation(app: App): Situation {
  const { training } = app;
  const step = app.runs.removed(training.run) ? 0 : training.checkpointStep;
  const body = step > 0 ? t.shell.failedKept(t.format.count(step)) : t.shell.failedNothing;
  const run = step > 0 ? app.shownRun : undefined;
  const next = run ? goOn(app, run) : start(app, t.shell.again);
  return {
    kind: 'failed',
    title: t.shell.failedTitle,
    body,
    next,
    others: see(app, 'train', t.shell.seeError),
  };
}

function goOn(app: App, run: App['runs']['list'][number]): Action {
  const step = run.checkpointStep;
  const label = step > 0 ? t.shell.continueFrom(t.format.count(step)) : t.shell.fromTheStart;
  return act('continue', label, () => void app.continueRun(run), app.idle);
}

function unfinishedSituation(app: App, run: App['runs']['list'][number]): Situation {
  const { modelName, checkpointStep, steps, updatedAt } = run;
  const when = t.format.date(updatedAt);
  const body =
    checkpointStep > 0
      ? t.shell.unfinishedBody(modelName, t.format.count(checkpointStep), t.format.count(steps), when)
      : t.shell.unfinishedNothing(modelName, when);
  const afresh = act('afresh', t.shell.afresh, () => app.runs.putAside(run));
  return { kind: 'unfinished', title: t.shell.unfinishedTitle, body, next: goOn(app, run), others: [afresh] };
}

function candidateSituation(app: App): Situation {
  const { candidate, choice } = app;
  const { missingRoom } = choice;
  const { name, preview, error } = candidate;
  const kind = 'candidate';
  const [look] = see(app, 'model', error ? t.shell.seeError : t.shell.candidateSee);
  const others =
    app.route.place === 'model' ? [] : [act('afresh', t.shell.candidateNot, () => candidate.forget())];
  const unready = { kind, ...(look && { next: look }), others } as const;
  if (error) return { ...unready, title: name, body: sayError(error).message };
  if (!preview) return { ...unready, title: name, body: t.shell.candidateLooking };
  const { downloadBytes, memoryTotal, fits } = preview;
  const title = t.shell.candidateTitle(name);
  if (!fits) return { ...unready, title, body: t.shell.candidateTooLarge };
  if (missingRoom !== undefined)
    return { ...unready, title, body: t.shell.candidateNoRoom(t.format.bytes(missingRoom)) };
  const fetch =
    downloadBytes > 0 ? t.shell.candidateFetch(t.format.bytes(downloadBytes)) : t.shell.candidateKept;
  const label = downloadBytes > 0 ? t.shell.candidateDownload : t.shell.candidateOpen;
  return {
    kind,
    title,
    body: t.format.paragraph([fetch, t.shell.memory(t.format.bytes(memoryTotal))]),
    next: act('open', label, () => choice.open(), choice.canOpen),
    others,
  };
}

function endedSituation(app: App): Situation {
  const { training, runs } = app;
  const removed = runs.removed(training.run) !== undefined;
  const stopped = removed ? t.train.phase.stopped : t.shell.stoppedTitle;
  const title = training.phase === 'finished' ? t.shell.finishedTitle : stopped;
  const ways = [...see(app, 'export', t.shell.toExport), ...see(app, 'chat', t.shell.toChat, 'field')];
  const next = ways.pop();
  const again = start(app, t.shell.again);
  const run = training.phase === 'stopped' ? runs.get(training.run) : undefined;
  const further = run && run.checkpointStep < run.steps ? [goOn(app, run)] : [];
  return {
    kind: 'ended',
    title,
    body: removed
      ? t.runs.removed
      : app.training.improved === false
        ? t.shell.notImproved
        : t.shell.finishedBody,
    ...(next && { next }),
    others: [again, ...further, ...ways],
  };
}

/** The step that prevents the start of training. */
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
  const name = model.name === '' ? t.shell.titles.model : model.name;
  const title = isDemo(app)
    ? t.shell.demoTitle
    : examples.own
      ? t.shell.ownTitle(name)
      : t.shell.ownModelTitle(name);
  const step = obstacle(app);
  if (step) {
    const missing = step === 'examples' && !examples.error && examples.files.length === 0;
    const body =
      step === 'train' && planError
        ? sayError(planError).message
        : missing
          ? t.shell.ownMissing
          : t.shell.needsLook(t.shell.titles[step]);
    const [look] = see(app, step, missing ? t.shell.chooseExamples : t.shell.see);
    return { kind, title, body, next: look ?? start(app), others: [] };
  }
  const count = examples.report?.examples ?? 0;
  const body = t.format.paragraph([
    isDemo(app)
      ? t.shell.demoBody
      : plan && count > 0
        ? t.shell.ownBody(t.shared.examples(count))
        : t.shell.ownWaiting,
    ...(plan
      ? [
          plan.estimatedSeconds === undefined
            ? t.shell.noTime
            : t.shell.time(t.format.seconds(plan.estimatedSeconds)),
          t.shell.memory(t.format.bytes(plan.memoryTotal)),
        ]
      : []),
  ]);
  return { kind, title, body, next: start(app), others: [] };
}
