import { TunesmithError } from '../core/errors';
import { message, type Message } from '../core/messages/message';
import type { BatchPlan } from '../data/batches';
import { METRICS_RING, type StepMetrics } from '../models/training_program';
import { yieldToEvents } from './control';
import { divided, evaluate, evaluateSources, lossNotFinite } from './evaluate';
import type { StepEvent } from './events';
import type { TrainOptions, TrainPosition } from './options';
import { planOf } from './plan';
import { RunTime, type TellActivity } from './run_time';
import { sampleSteps } from './samples';
import { learningRateMultiplier, scheduleOf, warmupStepsOf } from './schedule';
import { bestOf, stopsEarly, type Evaluated } from './stopping';
import type { SideTask } from './time_left';

export interface TrainResult {
  readonly state: 'finished' | 'stopped';
  /** Optimizer steps done; `steps` is the planned number. */
  readonly step: number;
  readonly steps: number;
}

/**
 * Trains to the end or to a stop. It saves a checkpoint at the start (so that one always exists, and a lack of room
 * shows at once), every `save_steps`, on a pause, on a stop and at the end, but never after a loss that isn't finite. With
 * `load_best_model_at_end`, it also saves one after each evaluation that is better than all before.
 *
 * With `early_stopping_patience`, a run that gains nothing more is finished before its last step.
 *
 * Only the step, the evaluations and the program's state determine the continuation, so a run that continues from a checkpoint ends with
 * the same bytes as one that was never interrupted.
 *
 * @throws TunesmithError `loss_not_finite`; errors of the program and of the hooks. It sends no 'state' event then,
 *   because only the caller knows whether it can recover.
 */
export function train(options: TrainOptions): Promise<TrainResult> {
  return new Trainer(options).run();
}

/** An optimizer step that was submitted to the device. */
interface SubmittedStep {
  readonly step: number;
  readonly learningRate: number;
  readonly rows: number;
  readonly targetTokens: number;
  /** Number of terms in the mean loss. */
  readonly terms: number;
}
type MeasuredStep = SubmittedStep & StepMetrics;

class Trainer {
  readonly #options: TrainOptions;
  readonly #plan: BatchPlan;
  readonly #rate: (done: number) => number;
  readonly #time: RunTime;
  #step: number;
  #savedStep: number | undefined;
  /** Steps whose metrics are still on the device. */
  #unread: SubmittedStep[] = [];
  /** Steps since the last 'step' event. */
  #unlogged: MeasuredStep[] = [];
  #evaluations: readonly Evaluated[];

  constructor(options: TrainOptions) {
    const { settings, examples, start } = options;
    this.#options = options;
    this.#plan = planOf(settings, examples);
    const schedule = scheduleOf(settings, this.#plan.steps);
    this.#rate = (done) => settings.learning_rate * learningRateMultiplier(schedule, done);
    this.#time = new RunTime(options, this.#plan);
    this.#step = start?.step ?? 0;
    this.#savedStep = start?.step;
    this.#evaluations = start?.evaluations ?? [];
  }

  async run(): Promise<TrainResult> {
    const { program, start, control, onEvent } = this.#options;
    const { steps } = this.#plan;
    await program.metrics(); // drops metrics of an earlier, interrupted run on this program
    if (start) program.writeState(start.state);
    onEvent({ event: 'state', state: 'running' });
    await this.#save();
    if (this.#step === 0) await this.#answer();
    else if (this.#lacksEvaluation()) await this.#evaluate();
    this.#time.enter('training');
    while (this.#step < steps && !this.#isEarly() && (await this.#mayGoOn())) {
      if (await this.#trainStep()) await this.#afterStep();
    }
    await this.#read();
    this.#log();
    await this.#save();
    const isEarly = this.#step < steps && this.#isEarly();
    const state = this.#step < steps && !isEarly && control.stopped ? 'stopped' : 'finished';
    onEvent({ event: 'state', state });
    return { state, step: this.#step, steps };
  }

  /** Whether this step is due for an evaluation that a stop has interrupted. */
  #lacksEvaluation(): boolean {
    const isDone = this.#evaluations.some(({ step }) => step === this.#step);
    return !isDone && this.#isDue(this.#options.settings.eval_steps);
  }

  /** Whether a task is due at this step. @param steps its interval; it is also due after the last step */
  #isDue(steps: number): boolean {
    return steps > 0 && (this.#step % steps === 0 || this.#step === this.#plan.steps);
  }

  /** Whether the run ends because its evaluations gain nothing more. */
  #isEarly(): boolean {
    return stopsEarly(this.#evaluations, this.#options.settings);
  }

  /** Waits for the end of a pause. Returns false if the run must stop. */
  async #mayGoOn(): Promise<boolean> {
    const { control, onEvent } = this.#options;
    await yieldToEvents();
    if (control.paused) {
      await this.#save();
      this.#time.enter('paused');
      onEvent({ event: 'state', state: 'paused' });
      await control.whilePaused();
      this.#time.enter('training');
      if (!control.stopped) onEvent({ event: 'state', state: 'running' });
    }
    return !control.stopped;
  }

  /**
   * Returns false if a pause or a stop interrupted the step: its gradients are dropped, and the step is repeated later.
   */
  async #trainStep(): Promise<boolean> {
    const { program, objective, examples, settings, control } = this.#options;
    const window = this.#plan.window(this.#step);
    const batches = await Promise.all(
      window.microBatches.map(async (indices) =>
        objective.pack(await Promise.all(Array.from(indices, (index) => examples.at(index)))),
      ),
    );
    const targetTokens = batches.reduce((sum, batch) => sum + batch.targetTokens, 0);
    const terms = batches.reduce((sum, batch) => sum + objective.terms(batch), 0);
    const firstCounter = this.#plan.microBatchesBefore(this.#step);
    for (const [index, batch] of batches.entries()) {
      if (index > 0) await yieldToEvents();
      if (control.paused || control.stopped) return false;
      await program.microBatch(batch, {
        accumulate: index > 0,
        // A window without a target has no gradient either; its mean is 0 rather than 0 / 0.
        windowTerms: Math.max(1, terms),
        seed: settings.seed,
        counter: firstCounter + index,
      });
    }
    const learningRate = this.#rate(this.#step);
    this.#step++;
    await program.optimizerStep({ learningRate, step: this.#step });
    const rows = batches.reduce((sum, batch) => sum + batch.rows, 0);
    this.#unread.push({ step: this.#step, learningRate, rows, targetTokens, terms });
    return true;
  }

  async #afterStep(): Promise<void> {
    const { settings } = this.#options;
    const step = this.#step;
    if (this.#unread.length >= METRICS_RING) await this.#read();
    if (this.#isDue(settings.logging_steps)) {
      await this.#read();
      this.#log();
    }
    if (this.#isDue(settings.eval_steps)) await this.#evaluate();
    const { samples } = this.#options.hooks;
    if (samples && sampleSteps(this.#plan.steps, samples.limits.rounds).has(step)) await this.#answer();
    const isBest = settings.load_best_model_at_end && bestOf(this.#evaluations)?.step === step;
    if (this.#isDue(settings.save_steps) || isBest) await this.#save();
  }

  /** Reads the metrics of all steps so far, which waits for the device. */
  async #read(): Promise<void> {
    if (this.#unread.length === 0) return;
    const metrics = await this.#options.program.metrics();
    const submitted = this.#unread;
    this.#unread = [];
    if (metrics.length !== submitted.length) {
      throw new Error(`Metrics of ${metrics.length} steps were read where ${submitted.length} were due.`);
    }
    for (const [index, values] of submitted.entries()) {
      const measured = { ...values, ...metrics[index]! };
      if (!measured.finite || !Number.isFinite(measured.loss) || !Number.isFinite(measured.gradNorm)) {
        this.#log();
        // Step 1 is computed before the first update, so training can't be the cause.
        if (values.step === 1) {
          throw lossNotFinite(message('loss_not_finite_first'));
        }
        throw this.#notFinite(message('loss_not_finite_step', { step: values.step }));
      }
      this.#unlogged.push(measured);
    }
  }

  #log(): void {
    const last = this.#unlogged.at(-1);
    if (last === undefined) return;
    let loss = 0;
    let rows = 0;
    let terms = 0;
    const metrics: Record<string, number> = {};
    let targetTokens = 0;
    for (const step of this.#unlogged) {
      loss += step.loss * step.terms;
      terms += step.terms;
      for (const [name, mean] of Object.entries(step.metrics)) {
        metrics[name] = (metrics[name] ?? 0) + mean * step.terms;
      }
      rows += step.rows;
      targetTokens += step.targetTokens;
    }
    const { steps, stepsPerEpoch } = this.#plan;
    const tokensPerSecond = this.#time.lap(this.#unlogged.length, rows);
    this.#unlogged = [];
    const { deviceBytes, onEvent } = this.#options;
    onEvent({
      event: 'step',
      step: last.step,
      steps,
      epoch: last.step / stepsPerEpoch,
      loss: terms > 0 ? loss / terms : 0,
      ...measuredOf(divided(metrics, Math.max(1, terms))),
      learning_rate: last.learningRate,
      grad_norm: last.gradNorm,
      target_tokens: targetTokens,
      tokens_per_second: tokensPerSecond,
      eta_seconds: this.#time.left(last.step) ?? 0,
      elapsed_seconds: this.#time.elapsedSeconds,
      ...(deviceBytes && { memory_bytes: deviceBytes() }),
    });
  }

  async #evaluate(): Promise<void> {
    const { program, objective, heldOut, heldOutSources, onEvent } = this.#options;
    if (heldOut.length === 0) return;
    await this.#sideTask('evaluating', async (tell) => {
      const started = this.#time.sideTaskSeconds;
      const goOn = async (fraction: number): Promise<boolean> => {
        const mayGoOn = await this.#mayGoOn();
        this.#time.enter('side_task');
        tell({ fraction });
        return mayGoOn;
      };
      const result = heldOutSources
        ? await evaluateSources(program, objective, heldOutSources, goOn)
        : await evaluate(program, objective, heldOut, goOn);
      if (result === undefined) return false;
      if (!Number.isFinite(result.loss)) {
        throw this.#notFinite(message('loss_not_finite_held_out', { step: this.#step }));
      }
      this.#evaluations = [...this.#evaluations, { step: this.#step, eval_loss: result.loss }];
      onEvent({
        event: 'eval',
        step: this.#step,
        eval_loss: result.loss,
        ...(result.perplexity !== undefined && { perplexity: result.perplexity }),
        ...(result.losses && { eval_losses: result.losses }),
        eval_runtime: this.#time.sideTaskSeconds - started,
        ...measuredOf(result.metrics),
      });
      return true;
    });
  }

  async #answer(): Promise<void> {
    const { hooks, control, onEvent } = this.#options;
    const { samples } = hooks;
    if (!samples) return;
    await this.#sideTask('answering', async (tell) => {
      const started = this.#time.sideTaskSeconds;
      const answers = await samples.answer(control.signal, (fraction, answers) =>
        tell({ fraction, answers }),
      );
      if (answers === undefined) return false;
      const seconds = this.#time.sideTaskSeconds - started;
      onEvent({ event: 'sample', step: this.#step, answers, seconds, limits: samples.limits });
      return true;
    });
  }

  async #save(): Promise<void> {
    const { program, hooks, onEvent } = this.#options;
    if (this.#savedStep === this.#step) return;
    await this.#sideTask('saving', async () => {
      await hooks.saveCheckpoint(this.#position(), await program.readState());
      this.#savedStep = this.#step;
      onEvent({ event: 'checkpoint', step: this.#step });
      return true;
    });
  }

  /** Runs work other than training, after the device has finished all steps with finite losses. */
  async #sideTask(task: SideTask, work: (tell: TellActivity) => Promise<boolean>): Promise<void> {
    await this.#read();
    await this.#time.sideTask(task, this.#step, work);
  }

  #position(): TrainPosition {
    const { epoch, index } = this.#plan.window(this.#step);
    return { step: this.#step, position: { epoch, index }, seed: this.#options.settings.seed };
  }

  #notFinite(found: Message): TunesmithError {
    const { settings } = this.#options;
    const { learning_rate, max_grad_norm } = settings;
    const remedies = [
      message('remedy_rate', { rate: learning_rate }),
      ...(warmupStepsOf(settings, this.#plan.steps) === 0 ? [message('remedy_warmup')] : []),
      ...(max_grad_norm === 0 ? [message('remedy_clipping')] : []),
    ];
    const kept =
      this.#savedStep === undefined
        ? message('checkpoint_none')
        : message('checkpoint_kept', { step: this.#savedStep });
    return new TunesmithError({ code: 'loss_not_finite', values: { found, kept, remedies } });
  }
}

/** The objective's metrics in the form of events. */
function measuredOf(metrics: Readonly<Record<string, number>>): Pick<StepEvent, 'metrics'> {
  return Object.keys(metrics).length > 0 ? { metrics } : {};
}
