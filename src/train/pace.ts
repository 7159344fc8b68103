/** Steps that the pace of late is taken over. */
const RECENT_STEPS = 20;

export type PaceMode = 'training' | 'aside' | 'paused';

interface Lap {
  readonly steps: number;
  readonly seconds: number;
}

/**
 * How fast a run goes. Time counts as training or as aside (evaluating, answering, saving) or, while the run is paused, not
 * at all. The GPU works behind the program's back, so switch only when it is done with what was asked.
 */
export class Pace {
  readonly #now: () => number;
  #mode: PaceMode = 'aside';
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

  /** Seconds of all that was no training and no pause. */
  get asideSeconds(): number {
    this.enter(this.#mode);
    return this.#seconds.aside;
  }

  /** Seconds of all but the pauses. */
  get elapsedSeconds(): number {
    this.enter(this.#mode);
    return this.#seconds.training + this.#seconds.aside;
  }

  /** Ends a lap of so many steps and rows. Returns rows a second of training in it. */
  lap(steps: number, rows: number): number {
    this.enter(this.#mode);
    const seconds = this.#seconds.training - this.#lapStart;
    this.#lapStart = this.#seconds.training;
    this.#laps.push({ steps, seconds });
    while (this.#laps.slice(1).reduce((sum, lap) => sum + lap.steps, 0) >= RECENT_STEPS) this.#laps.shift();
    return seconds > 0 ? rows / seconds : 0;
  }

  /** Seconds of an optimizer step of late; undefined before the first lap. */
  get stepSeconds(): number | undefined {
    const steps = this.#laps.reduce((sum, lap) => sum + lap.steps, 0);
    return steps > 0 ? this.#laps.reduce((sum, lap) => sum + lap.seconds, 0) / steps : undefined;
  }
}
