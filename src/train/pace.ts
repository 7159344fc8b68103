/** Number of steps over which the recent pace is averaged. */
const RECENT_STEPS = 20;

export type PaceMode = 'training' | 'side_task' | 'paused';

interface Lap {
  readonly steps: number;
  readonly seconds: number;
}

/**
 * Measures the pace of a run. Time counts as training, as side task (evaluation, answers, saving) or, while the run is
 * paused, not at all. The GPU works asynchronously, so switch the mode only after it has finished the submitted work.
 */
export class Pace {
  readonly #now: () => number;
  #mode: PaceMode = 'side_task';
  #since: number;
  readonly #seconds = { training: 0, side_task: 0, paused: 0 };
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

  /** From now on, time counts as `mode`. */
  enter(mode: PaceMode): void {
    const now = this.#now();
    this.#seconds[this.#mode] += (now - this.#since) / 1000;
    this.#since = now;
    this.#mode = mode;
  }

  /** Seconds spent neither in training nor in pauses. */
  get sideTaskSeconds(): number {
    this.enter(this.#mode);
    return this.#seconds.side_task;
  }

  /** Seconds without the pauses. */
  get elapsedSeconds(): number {
    this.enter(this.#mode);
    return this.#seconds.training + this.#seconds.side_task;
  }

  /** Ends a lap with this many steps and rows. Returns its rows per second of training. */
  lap(steps: number, rows: number): number {
    this.enter(this.#mode);
    const seconds = this.#seconds.training - this.#lapStart;
    this.#lapStart = this.#seconds.training;
    this.#laps.push({ steps, seconds });
    while (this.#laps.slice(1).reduce((sum, lap) => sum + lap.steps, 0) >= RECENT_STEPS) this.#laps.shift();
    return seconds > 0 ? rows / seconds : 0;
  }

  /** Recent seconds per optimizer step; undefined before the first lap. */
  get stepSeconds(): number | undefined {
    const steps = this.#laps.reduce((sum, lap) => sum + lap.steps, 0);
    return steps > 0 ? this.#laps.reduce((sum, lap) => sum + lap.seconds, 0) / steps : undefined;
  }
}
