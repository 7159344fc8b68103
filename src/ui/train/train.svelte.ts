import { classOf } from '../../core/error_codes';
import { describeError, type ErrorDescription } from '../../core/errors';
import { message, type Message } from '../../core/messages/message';
import type { TrainSettings } from '../../core/settings/settings';
import {
  callback,
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
import { RunEvents } from './run_events.svelte';

export type Phase = 'idle' | StateEvent['state'];

const activePhases: readonly Phase[] = ['preparing', 'running', 'paused', 'recovering'];
const endPhases: readonly Phase[] = ['finished', 'stopped', 'failed'];

/** The plan before a run, and the run itself as it goes. */
export class TrainState {
  readonly #engine: EngineState;

  plan: PlanReport | undefined = $state.raw();
  planError: ErrorDescription | undefined = $state.raw();

  phase: Phase = $state('idle');
  /** What the phase is about, for a person. */
  message: Message | string = $state.raw('');
  /** How far it is with that, 0 to 1, where it tells. */
  fraction: number | undefined = $state();
  /** Progress of opening a former run's model, before it goes on. */
  progress: Progress | undefined = $state.raw();
  error: ErrorDescription | undefined = $state.raw();
  readonly #shown = new RunEvents();
  /** The run's present activity; undefined until the first event. */
  activity: ActivityEvent | undefined = $state.raw();
  /** The visitor changes the settings for the next run, while the one before is over. */
  editing = $state(false);
  /** A run has finished, and nobody has celebrated it yet. */
  justFinished = $state(false);
  /** The run as it ended. */
  record: RunRecord | undefined = $state.raw();
  /** The id of the run that is on show; undefined before it is recorded. */
  run: string | undefined = $state();
  /** A pause, a resumption or a stop was asked for and has not come about yet. */
  asked: 'pause' | 'resume' | 'stop' | undefined = $state();

  /** The run or the display that events are for, and the newest plan that was asked for. */
  #turn = 0;
  #planTurn = 0;
  #onOpened: (() => void) | undefined;
  /** What the plan is made of, and whether kernels were chosen since that take other memory. */
  #planned: Parameters<TrainState['makePlan']> | undefined;
  #replanned = false;

  /** Seconds to the end, as was told last: with a step, or along what takes long beside the steps. */
  readonly secondsLeft = $derived.by(() => {
    if (this.phase !== 'running') return undefined;
    const told = this.activity?.eta_seconds;
    const { last } = this;
    // A step that came after it knows more.
    if (last && (told === undefined || last.step > (this.activity?.step ?? 0))) return last.eta_seconds;
    return told;
  });
  /** The run's activity beside training, if the page names it. */
  readonly doing: Message | undefined = $derived.by(() => {
    const { activity, fraction = 0 } = this.activity ?? {};
    if (this.phase !== 'running') return undefined;
    if (activity === 'answering') return message('run_answering');
    // Most evaluations are over before anybody has read the word.
    return activity === 'evaluating' && fraction > 0 ? message('run_evaluating') : undefined;
  });
  /** The answers that are being given at this moment. */
  readonly coming: SampleEvent | undefined = $derived.by(() => {
    const { activity, answers, step = 0 } = this.activity ?? {};
    const known = this.samples.some((sample) => sample.step === step);
    return activity === 'answering' && answers && !known ? { event: 'sample', step, answers } : undefined;
  });
  readonly showsRun = $derived(this.phase !== 'idle' && !this.editing);
  readonly active = $derived(activePhases.includes(this.phase));
  /** The visitor has to change something before a run can start; another problem of the plan may pass by itself. */
  readonly refused = $derived(this.planError !== undefined && classOf(this.planError.code) === 'input');
  /** Fitting the kernels can be stopped, other preparations are short. */
  readonly stoppable = $derived(this.active && (this.phase !== 'preparing' || this.fraction !== undefined));
  /** What closing the tab would interrupt. */
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

  /** Asks for memory and time. True when known; false when `planError` says why not. */
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

  /** Trains to the end of a new run. True when it ended well, with something learned. */
  start(settings: TrainSettings, startFrom: StartFrom): Promise<boolean> {
    const remote = this.#engine.remote;
    return this.#follow([], () => remote.runs.start(settings, this.#listener(), startFrom));
  }

  /** Goes on with a former run from its last checkpoint. `onOpened`: its model and examples are what is open now. */
  continueRun(run: RunRecord, onOpened: () => void): Promise<boolean> {
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

  /** Ends the run and keeps what it learned. */
  stop(): Promise<void> {
    return this.#ask('stop', () => this.#engine.remote.runs.stop());
  }

  /** Shows a former run's curve and samples, as if it had just ended. */
  display(run: RunRecord): void {
    this.#reset(run.history, run);
    this.record = run;
    this.phase = run.state === 'finished' ? 'finished' : 'stopped';
  }

  /** Puts the error away; what was saved of the run stays. */
  dismiss(): void {
    this.error = undefined;
    if (this.phase !== 'failed') return;
    if (this.checkpointStep > 0) this.phase = 'stopped';
    else this.clear();
  }

  /** Forgets the run that is shown: another model is open now. */
  clear(): void {
    this.#reset([]);
    this.phase = 'idle';
  }

  async #follow(
    past: readonly TrainEvent[],
    call: () => Promise<RunRecord>,
    run?: RunRecord,
  ): Promise<boolean> {
    this.#reset(past, run);
    this.phase = 'preparing';
    try {
      this.record = await call();
      this.#shown.draw();
      this.phase = this.record.state === 'stopped' ? 'stopped' : 'finished';
      this.justFinished = this.phase === 'finished';
      this.#shown.checkpointStep = this.record.checkpointStep;
      return true;
    } catch (error) {
      this.#shown.draw();
      this.error = describeError(error);
      this.phase = 'failed';
      // The visitor stopped it before there was anything to keep: that is no problem.
      if (classOf(this.error.code) === 'stopped') this.clear();
      return false;
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

  #reset(past: readonly TrainEvent[], run?: RunRecord): void {
    this.#turn++;
    this.run = run?.id;
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

  /** Hears the events of the run that begins now, as long as that is the one on show. */
  #listener(): (event: TrainEvent) => void {
    const turn = this.#turn;
    return callback((event: TrainEvent) => {
      // Events and the result come by separate ways: no late state may seem to begin the run anew.
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
      // That it has ended is told by its result: until then the engine is busy with it.
      if (endPhases.includes(event.state)) return;
      this.activity = undefined;
      // The run goes over the steps after its checkpoint again.
      if (event.state === 'recovering') this.#shown.rewind();
      this.phase = event.state;
      this.message = event.message ?? '';
      this.fraction = event.fraction;
      if (event.state === 'preparing') {
        // The model is open, and what comes now is told in the message.
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

  /** The plan of the settings that are shown, with the kernels that were chosen since. */
  #planAnew(): void {
    if (this.#replanned && this.#planned) void this.makePlan(...this.#planned);
    this.#replanned = false;
  }
}
