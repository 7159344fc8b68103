/** A run's activities beside training. */
export type Aside = 'evaluating' | 'answering' | 'saving';

export interface RunAhead {
  /** Optimizer steps of the whole run. */
  readonly steps: number;
  /** How often each is due after the step `after` is done; a step of -1 is before the run. */
  readonly due: Readonly<Record<Aside, (after: number) => number>>;
}

/** Seconds of one of each: what was measured last, or else what is expected. */
interface Known {
  measured?: number;
  expected?: number;
}

/** A fraction below this says too little of what the rest will take. */
const TELLING_FRACTION = 0.1;

/**
 * How long a run still takes: its steps, evaluations, answers and checkpoints. Each counts with the time that it took
 * last; before it was measured, with what is expected of it.
 */
export class TimeLeft {
  readonly #ahead: RunAhead;
  readonly #now: () => number;
  readonly #known: Readonly<Record<Aside, Known>> = { evaluating: {}, answering: {}, saving: {} };
  /** The step after which each was done last. */
  readonly #doneAt: Record<Aside, number>;
  #stepSeconds: number | undefined;
  /** The present activity. A pause within an evaluation saves a checkpoint meanwhile. */
  readonly #under: { readonly aside: Aside; readonly since: number; fraction: number }[] = [];

  /**
   * @param from the step that the run goes on from; undefined for one that begins
   * @param now a clock in seconds, which stands still in a pause
   */
  constructor(ahead: RunAhead, from: number | undefined, now: () => number) {
    this.#ahead = ahead;
    this.#now = now;
    const done = from ?? -1;
    this.#doneAt = { evaluating: done, answering: done, saving: done };
  }

  /** Seconds of an optimizer step at the pace of late. */
  expectSteps(seconds: number): void {
    this.#stepSeconds = seconds;
  }

  /** Seconds that one is expected to take; counts until one was measured. */
  expect(aside: Aside, seconds: number): void {
    this.#known[aside].expected = seconds;
  }

  begin(aside: Aside): void {
    this.#under.push({ aside, since: this.#now(), fraction: 0 });
  }

  /** Which share is done of what began, 0 to 1. */
  reach(fraction: number): void {
    const current = this.#under.at(-1);
    if (current) current.fraction = fraction;
  }

  /**
   * Ends what began, after so many steps.
   *
   * @param whole it was done to its end, so that its time says what the next one takes
   */
  end(step: number, whole = true): void {
    const current = this.#under.pop();
    if (!current) return;
    const { aside, since } = current;
    if (whole) this.#known[aside].measured = this.#now() - since;
    this.#doneAt[aside] = step;
  }

  /** Seconds to the end after so many steps; undefined if nothing is known of the steps that are left. */
  left(step: number): number | undefined {
    const steps = Math.max(0, this.#ahead.steps - step);
    if (steps > 0 && this.#stepSeconds === undefined) return undefined;
    const asides = Object.keys(this.#known) as Aside[];
    const beside = asides.reduce((sum, aside) => sum + this.#leftOf(aside), 0);
    return steps * (this.#stepSeconds ?? 0) + beside;
  }

  #leftOf(aside: Aside): number {
    const { measured, expected = 0 } = this.#known[aside];
    const each = measured ?? expected;
    const due = this.#ahead.due[aside](this.#doneAt[aside]);
    const current = this.#under.find((each) => each.aside === aside);
    if (!current) return due * each;
    const elapsed = this.#now() - current.since;
    const { fraction } = current;
    const telling = fraction >= TELLING_FRACTION;
    const rest = telling ? (elapsed / fraction) * (1 - fraction) : Math.max(each - elapsed, elapsed / 10);
    const next = measured ?? (telling ? elapsed / fraction : each);
    return rest + Math.max(0, due - 1) * next;
  }
}
