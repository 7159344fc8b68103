/** Steps that the pace of late is taken over. */
const RECENT_STEPS = 20;

export type PaceMode = 'training' | 'aside' | 'paused';

interface Lap {
  readonly steps: number;
  readonly rows: number;
  readonly seconds: number;
}

/**
 * How fast a run goes. Time counts as training, as aside (evaluating, sampling, saving) or, while the run is paused, not
 * at all. The GPU works behind the program's back, so switch only when it is done with what was asked.
 */
export class Pace {
  readonly #now: () => number;
  // What comes before the first step says nothing about the rest of the run, so it doesn't count.
  #mode: PaceMode = 'paused';
  #since: number;
  readonly #seconds = { training: 0, aside: 0, paused: 0 };
  #lapStart = 0;
  #laps: Lap[] = [];

  /** @param now a clock in milliseconds */
  constructor(now: () => number) {
    this.#now = now;
    this.#since = now();
  }

  get mode(): PaceMode {
    return this.#mode;
  }

  /** Time counts as this from now on. */
  enter(mode: PaceMode): void {
    const now = this.#now();
    this.#seconds[this.#mode] += (now - this.#since) / 1000;
    this.#since = now;
    this.#mode = mode;
  }

  /** Ends a lap of so many steps and rows. Returns rows a second of training in it. */
  lap(steps: number, rows: number): number {
    this.enter(this.#mode);
    const seconds = this.#seconds.training - this.#lapStart;
    this.#lapStart = this.#seconds.training;
    this.#laps.push({ steps, rows, seconds });
    while (this.#laps.slice(1).reduce((sum, lap) => sum + lap.steps, 0) >= RECENT_STEPS) this.#laps.shift();
    return seconds > 0 ? rows / seconds : 0;
  }

  /** Seconds that so many steps will take, with as much aside as there has been so far. */
  eta(steps: number): number {
    const recentSteps = this.#laps.reduce((sum, lap) => sum + lap.steps, 0);
    const recentSeconds = this.#laps.reduce((sum, lap) => sum + lap.seconds, 0);
    const { training, aside } = this.#seconds;
    if (recentSteps === 0 || training === 0) return 0;
    return steps * (recentSeconds / recentSteps) * (1 + aside / training);
  }
}
