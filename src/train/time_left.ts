/** A run's activities beside training. */
export type SideTask = 'evaluating' | 'answering' | 'saving';

export interface RunAhead {
  /** Optimizer steps of the whole run. */
  readonly steps: number;
  /** How often each is still due after step `after`; -1 means before the run. */
  readonly due: Readonly<Record<SideTask, (after: number) => number>>;
}

/** Duration of one activity in seconds: the last measured one, or else the expected one. */
interface Known {
  measured?: number;
  expected?: number;
}

/** Below this fraction, the elapsed time is too short to predict the rest. */
const TELLING_FRACTION = 0.1;

/**
 * The remaining time of a run: its steps, evaluations, answers and checkpoints. Each counts with its last measured
 * time, or before the first measurement with its expected time.
 */
export class TimeLeft {
  readonly #ahead: RunAhead;
  readonly #now: () => number;
  readonly #known: Readonly<Record<SideTask, Known>> = { evaluating: {}, answering: {}, saving: {} };
  /** For each activity, the step after which it was last done. */
  readonly #doneAt: Record<SideTask, number>;
  #stepSeconds: number | undefined;
  /** The present activities, the innermost last: a pause during an evaluation saves a checkpoint. */
  readonly #running: { readonly task: SideTask; readonly since: number; fraction: number }[] = [];

  /**
   * @param from the step that the run continues from; undefined for a new run
   * @param now a clock in seconds, which stands still in a pause
   */
  constructor(ahead: RunAhead, from: number | undefined, now: () => number) {
    this.#ahead = ahead;
    this.#now = now;
    const done = from ?? -1;
    this.#doneAt = { evaluating: done, answering: done, saving: done };
  }

  /** @param seconds of an optimizer step at the recent pace */
  expectSteps(seconds: number): void {
    this.#stepSeconds = seconds;
  }

  /** Sets the expected duration of an activity in seconds; used until one was measured. */
  expect(task: SideTask, seconds: number): void {
    this.#known[task].expected = seconds;
  }

  begin(task: SideTask): void {
    this.#running.push({ task, since: this.#now(), fraction: 0 });
  }

  /** Sets the progress of the present activity, 0 to 1. */
  reach(fraction: number): void {
    const current = this.#running.at(-1);
    if (current) current.fraction = fraction;
  }

  /**
   * Ends the present activity, after `step` steps.
   *
   * @param whole whether it was completed, so that its duration predicts the next one's
   */
  end(step: number, whole = true): void {
    const current = this.#running.pop();
    if (!current) return;
    const { task, since } = current;
    if (whole) this.#known[task].measured = this.#now() - since;
    this.#doneAt[task] = step;
  }

  /** Seconds to the end after `step` steps; undefined if the time of the remaining steps is unknown. */
  left(step: number): number | undefined {
    const steps = Math.max(0, this.#ahead.steps - step);
    if (steps > 0 && this.#stepSeconds === undefined) return undefined;
    const sideTasks = Object.keys(this.#known) as SideTask[];
    const beside = sideTasks.reduce((sum, task) => sum + this.#leftOf(task), 0);
    return steps * (this.#stepSeconds ?? 0) + beside;
  }

  #leftOf(task: SideTask): number {
    const { measured, expected = 0 } = this.#known[task];
    const each = measured ?? expected;
    const due = this.#ahead.due[task](this.#doneAt[task]);
    const current = this.#running.find((each) => each.task === task);
    if (!current) return due * each;
    const elapsed = this.#now() - current.since;
    const { fraction } = current;
    const telling = fraction >= TELLING_FRACTION;
    const rest = telling ? (elapsed / fraction) * (1 - fraction) : Math.max(each - elapsed, elapsed / 10);
    const next = measured ?? (telling ? elapsed / fraction : each);
    return rest + Math.max(0, due - 1) * next;
  }
}
