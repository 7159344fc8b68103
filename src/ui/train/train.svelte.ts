import { classOf } from '../../core/error_codes';
import { describeError, type ErrorDescription } from '../../core/errors';
import { message, type Message } from '../../core/messages/message';
import type { TrainSettings } from '../../core/settings/settings';
import {
  callback,
  findingsIn,
  type ActivityEvent,
  type PlanReport,
  type Progress,
  type RunRecord,
  type SampleEvent,
  type StartFrom,
  type StateEvent,
  type StepEvent,
  type TrainEvent,
} from '../../worker/protocol';
import type { EngineState } from '../engine.svelte';
import { withProgress } from '../shared/progress';
import { improved } from './improved';
import { RunEvents } from './run_events.svelte';

/** A run's record, or what is known of it before it is recorded. */
type ShownRun = Pick<RunRecord, 'settings'> & Partial<Pick<RunRecord, 'id' | 'checkpointStep'>>;

export type Phase = 'idle' | StateEvent['state'];

const activePhases: readonly Phase[] = ['preparing', 'running', 'paused', 'recovering'];
const endPhases: readonly Phase[] = ['finished', 'stopped', 'failed'];

/** The plan of a run, and the run itself. */
export class TrainState {
  readonly #engine: EngineState;

  plan: PlanReport | undefined = $state.raw();
  planError: ErrorDescription | undefined = $state.raw();

  phase: Phase = $state('idle');
  /** A message about the phase. */
  message: Message | string = $state.raw('');
  /** Progress of the phase, 0 to 1. */
  fraction: number | undefined = $state();
  /** Progress of opening a past run's model, before the run continues. */
  progress: Progress | undefined = $state.raw();
  error: ErrorDescription | undefined = $state.raw();
  readonly #shown = new RunEvents();
  /** The run's present activity; undefined until the first event. */
  activity: ActivityEvent | undefined = $state.raw();
  /** Whether the visitor is changing the settings for the next run after the former one is over. */
  editing = $state(false);
  /** Whether a run has just finished well and the page has not celebrated it yet. */
  justFinished = $state(false);
  /** The record of the ended run. */
  record: RunRecord | undefined = $state.raw();
  /** The id of the shown run; undefined before it is recorded. */
  run: string | undefined = $state();
  /** The settings of the shown run; the form may have others by now. */
  settings: TrainSettings | undefined = $state.raw();
  /** A requested pause, resumption or stop that has not taken effect yet. */
  asked: 'pause' | 'resume' | 'stop' | undefined = $state();

  /** Number of the newest run or display, for dropping late events; `#planTurn` is that of the newest plan. */
  #turn = 0;
  #planTurn = 0;
  #onOpened: (() => void) | undefined;
  /** The arguments of the plan; `#replanned`: kernels with other memory needs were chosen since. */
  #planned: Parameters<TrainState['makePlan']> | undefined;
  #replanned = false;

  /** Seconds to the end, from the newest step or activity event. */
  readonly secondsLeft = $derived.by(() => {
    if (this.phase !== 'running') return undefined;
    const told = this.activity?.eta_seconds;
    const { last } = this;
    // A later step has the newer value.
    if (last && (told === undefined || last.step > (this.activity?.step ?? 0))) return last.eta_seconds;
    return told;
  });
  /** The run's activity besides training, if the page shows it. */
  readonly doing: Message | undefined = $derived.by(() => {
    const { activity, fraction = 0 } = this.activity ?? {};
    if (this.phase !== 'running') return undefined;
    if (activity === 'answering') return message('run_answering');
    // Most evaluations are too short to be worth showing.
    return activity === 'evaluating' && fraction > 0 ? message('run_evaluating') : undefined;
  });
  /** The answers in progress. */
  readonly coming: SampleEvent | undefined = $derived.by(() => {
    const { activity, answers, step = 0 } = this.activity ?? {};
    const known = this.samples.some((sample) => sample.step === step);
    return activity === 'answering' && answers && !known ? { event: 'sample', step, answers } : undefined;
  });
  /** Whether the loss fell; undefined if there are too few events. */
  readonly improved = $derived.by(() => improved(this.events));
  /** The plain facts that the run's curves show. */
  readonly findings = $derived.by(() => {
    const ended = this.phase === 'finished' || this.phase === 'stopped';
    const adapterStep = this.record?.adapterStep;
    return this.settings ? findingsIn(this.events, { settings: this.settings, ended, adapterStep }) : [];
  });
  readonly showsRun = $derived(this.phase !== 'idle' && !this.editing);
  readonly active = $derived(activePhases.includes(this.phase));
  /** Whether the visitor must change a setting before a run can start; other problems may pass by themselves. */
  readonly refused = $derived(this.planError !== undefined && classOf(this.planError.code) === 'input');
  /** Whether the run can be stopped: tuning the kernels can, other preparations are short. */
  readonly stoppable = $derived(this.active && (this.phase !== 'preparing' || this.fraction !== undefined));
  /** Whether closing the tab would interrupt the run. */
  readonly working = $derived(this.active && this.phase !== 'paused');

  constructor(engine: EngineState) {
    this.#engine = engine;
  }

  /** Events for the chart, oldest first. */
  get events(): readonly TrainEvent[] {
    return this.#shown.all;
  }

  get samples(): readonly SampleEvent[] {
    return this.#shown.samples;
  }

  get last(): StepEvent | undefined {
    return this.#shown.last;
  }

  get checkpointStep(): number {
    return this.#shown.checkpointStep;
  }

  /** Requests memory and time. Returns whether they are known; if not, `planError` says why. */
  async makePlan(settings: TrainSettings, startFrom: StartFrom): Promise<boolean> {
    this.planError = undefined;
    this.#planned = [settings, startFrom];
    const turn = ++this.#planTurn;
    try {
      const plan = await this.#engine.remote.runs.plan(settings, startFrom);
      if (turn === this.#planTurn) this.plan = plan;
      return true;
    } catch (error) {
      if (turn !== this.#planTurn) return false;
      this.plan = undefined;
      this.planError = describeError(error);
      return false;
    }
  }

  /** Forgets the plan, because its model or its examples are gone. */
  forgetPlan(): void {
    this.#planTurn++;
    this.plan = undefined;
    this.planError = undefined;
  }

  /** Trains a new run to its end; `phase` and `error` then say how it ended. */
  start(settings: TrainSettings, startFrom: StartFrom): Promise<void> {
    const remote = this.#engine.remote;
    return this.#follow([], () => remote.runs.start(settings, this.#listener(), startFrom), { settings });
  }

  /** Continues a past run from its last checkpoint. `onOpened` is called when its model and examples are open. */
  continueRun(run: RunRecord, onOpened: () => void): Promise<void> {
    const remote = this.#engine.remote;
    const past = run.history.filter((event) => !('step' in event) || event.step <= run.checkpointStep);
    this.#onOpened = onOpened;
    const call = () =>
      withProgress(
        message('run_opening'),
        (progress) => (this.progress = this.#onOpened ? progress : undefined),
        (onProgress) => remote.runs.continue(run.id, this.#listener(), onProgress),
      );
    return this.#follow(past, call, run);
  }

  pause(): Promise<void> {
    return this.#ask('pause', () => this.#engine.remote.runs.pause());
  }

  resume(): Promise<void> {
    return this.#ask('resume', () => this.#engine.remote.runs.resume());
  }

  /** Stops the run and keeps its adapter. */
  stop(): Promise<void> {
    return this.#ask('stop', () => this.#engine.remote.runs.stop());
  }

  /** Shows a past run's curve and answers, as if it had just ended. */
  display(run: RunRecord): void {
    this.#reset(run.history, run);
    this.record = run;
    this.phase = run.state === 'finished' ? 'finished' : 'stopped';
  }

  /** Dismisses the error; the saved parts of the run stay. */
  dismiss(): void {
    this.error = undefined;
    if (this.phase !== 'failed') return;
    if (this.checkpointStep > 0) this.phase = 'stopped';
    else this.clear();
  }

  /** Forgets the shown run, because another model is open. */
  clear(): void {
    this.#reset([]);
    this.phase = 'idle';
  }

  async #follow(past: readonly TrainEvent[], call: () => Promise<RunRecord>, run: ShownRun): Promise<void> {
    this.#reset(past, run);
    this.phase = 'preparing';
    try {
      this.record = await call();
      this.#shown.draw();
      this.phase = this.record.state === 'stopped' ? 'stopped' : 'finished';
      this.justFinished = this.phase === 'finished' && this.improved !== false;
      this.#shown.checkpointStep = this.record.checkpointStep;
    } catch (error) {
      this.#shown.draw();
      this.error = describeError(error);
      this.phase = 'failed';
      // The visitor stopped it before the first checkpoint, so it is no failure.
      if (classOf(this.error.code) === 'stopped') this.clear();
    } finally {
      this.activity = undefined;
      this.asked = undefined;
      this.#onOpened = undefined;
    }
  }

  async #ask(what: 'pause' | 'resume' | 'stop', ask: () => Promise<void>): Promise<void> {
    this.asked = what;
    try {
      await ask();
    } catch (error) {
      this.asked = undefined;
      this.error = describeError(error);
    }
  }

  #reset(past: readonly TrainEvent[], run?: ShownRun): void {
    this.#turn++;
    this.run = run?.id;
    this.settings = run?.settings;
    this.#shown.reset(past, run?.checkpointStep);
    this.error = undefined;
    this.message = '';
    this.fraction = undefined;
    this.record = undefined;
    this.asked = undefined;
    this.activity = undefined;
    this.editing = false;
    this.justFinished = false;
  }

  /** A listener for the events of the run that starts now; it ignores them once another run is shown. */
  #listener(): (event: TrainEvent) => void {
    const turn = this.#turn;
    return callback((event: TrainEvent) => {
      // Events and the result travel separately, so a late state must not restart the run on the page.
      const late = event.event === 'state' && !this.active;
      if (turn === this.#turn && !late) this.#receive(event);
    });
  }

  #receive(event: TrainEvent): void {
    if (event.event !== 'state' || event.state === 'running') {
      this.progress = undefined;
      this.#onOpened?.();
      this.#onOpened = undefined;
    }
    if (event.event === 'activity') {
      this.activity = event;
      return;
    }
    if (event.event === 'state') {
      this.#shown.draw();
      if (event.run !== undefined) this.run = event.run;
      // The result reports the end; until then the engine is busy with the run.
      if (endPhases.includes(event.state)) return;
      this.activity = undefined;
      // The run repeats the steps after its checkpoint.
      if (event.state === 'recovering') this.#shown.rewind();
      this.phase = event.state;
      this.message = event.message ?? '';
      this.fraction = event.fraction;
      if (event.state === 'preparing') {
        // The model is open; from now on the message shows the progress.
        if (event.message !== undefined) this.progress = undefined;
        if (event.replanned) this.#replanned = true;
        return;
      }
      this.asked = undefined;
      if (event.state === 'running') this.#planAnew();
      return;
    }
    this.#shown.add(event);
  }

  /** Makes the plan of the shown settings again, with the kernels chosen since. */
  #planAnew(): void {
    if (this.#replanned && this.#planned) void this.makePlan(...this.#planned);
    this.#replanned = false;
  }
}
