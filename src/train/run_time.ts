import type { BatchPlan } from '../data/batches';
import { tokenCount } from '../data/example_list';
import type { ActivityEvent } from './events';
import type { TrainOptions } from './options';
import { Pace, type PaceMode } from './pace';
import { answersAfter, fullLimits } from './samples';
import { TimeLeft, type SideTask } from './time_left';

/** Milliseconds between reports of the activity. */
const TELL_EVERY = 250;

type News = Pick<ActivityEvent, 'fraction' | 'answers'>;
/** Reports the progress of an activity. */
export type TellActivity = (news: News) => void;

/** Tracks a run's pace, its present activity and its remaining time. */
export class RunTime {
  readonly #options: TrainOptions;
  readonly #plan: BatchPlan;
  readonly #pace: Pace;
  readonly #left: TimeLeft;
  readonly #now: () => number;

  constructor(options: TrainOptions, plan: BatchPlan) {
    const { settings, heldOut, hooks, start, trainSeconds } = options;
    this.#options = options;
    this.#plan = plan;
    this.#now = options.now ?? (() => performance.now());
    this.#pace = new Pace(this.#now);
    const { steps } = plan;
    const due = {
      evaluating: (after: number) => dueAfter(heldOut.length > 0 ? settings.eval_steps : 0, steps, after),
      answering: (after: number) => answersAfter(hooks.samples?.limits ?? fullLimits(0), steps, after),
      saving: (after: number) => dueAfter(settings.save_steps, steps, after),
    };
    this.#left = new TimeLeft({ steps, due }, start?.step, () => this.#pace.sideTaskSeconds);
    if (trainSeconds !== undefined) this.#expectSteps(trainSeconds / steps);
  }

  /** From now on, time counts as `mode`. */
  enter(mode: PaceMode): void {
    this.#pace.enter(mode);
  }

  get sideTaskSeconds(): number {
    return this.#pace.sideTaskSeconds;
  }

  /** Seconds that the run has taken so far, without pauses but including the time before it was continued. */
  get elapsedSeconds(): number {
    return (this.#options.start?.elapsedSeconds ?? 0) + this.#pace.elapsedSeconds;
  }

  /** Ends a lap with this many steps and rows. Returns its rows per second of training. */
  lap(steps: number, rows: number): number {
    const speed = this.#pace.lap(steps, rows);
    const { stepSeconds } = this.#pace;
    if (stepSeconds !== undefined) this.#expectSteps(stepSeconds);
    return speed;
  }

  /** Seconds to the end after `step` steps; undefined if unknown. */
  left(step: number): number | undefined {
    const { roundSeconds } = this.#options.hooks.samples ?? {};
    if (roundSeconds !== undefined) this.#left.expect('answering', roundSeconds);
    return this.#left.left(step);
  }

  /**
   * Runs work other than training, after `step` steps.
   *
   * @param work resolves to whether it was completed
   */
  async sideTask(
    task: SideTask,
    step: number,
    work: (tell: TellActivity) => Promise<boolean>,
  ): Promise<void> {
    const before = this.#pace.mode;
    this.#pace.enter('side_task');
    this.#left.begin(task);
    let toldAt = -Infinity;
    const tell = (news: News): void => {
      if (news.fraction !== undefined) this.#left.reach(news.fraction);
      if (task === 'saving' || this.#now() - toldAt < TELL_EVERY) return;
      toldAt = this.#now();
      this.#tell(task, step, news);
    };
    tell({ fraction: 0 });
    const whole = await work(tell);
    this.#left.end(step, whole);
    this.#pace.enter(before);
    if (task !== 'saving') this.#tell('training', step);
  }

  #tell(activity: ActivityEvent['activity'], step: number, news: News = {}): void {
    const left = this.left(step);
    const eta = left === undefined ? {} : { eta_seconds: left };
    this.#options.onEvent({ event: 'activity', activity, step, ...news, ...eta });
  }

  #expectSteps(seconds: number): void {
    const { examples, heldOut, settings } = this.#options;
    this.#left.expectSteps(seconds);
    // A trained token takes a forward pass and a backward pass, and another forward pass if activations are recomputed.
    const passes = settings.gradient_checkpointing ? 3 : 2;
    const share = tokenCount(heldOut) / Math.max(1, tokenCount(examples));
    this.#left.expect('evaluating', (seconds * this.#plan.stepsPerEpoch * share) / passes);
  }
}

/** How often work that is due every `every` steps and after the last is still due once `after` steps are done. */
function dueAfter(every: number, steps: number, after: number): number {
  if (every === 0 || after >= steps) return 0;
  const past = Math.max(0, after);
  return Math.floor(steps / every) - Math.floor(past / every) + (steps % every === 0 ? 0 : 1);
}
