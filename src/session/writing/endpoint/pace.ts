import { pause } from '../../../core/pause';

/** The outside world, which tests replace. */
export interface Outside {
  readonly fetch?: typeof fetch;
  readonly sleep?: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** Milliseconds, as `Date.now`. */
  readonly now?: () => number;
  /** In [0, 1), as `Math.random`. */
  readonly random?: () => number;
}

/** Lets requests begin at most so often, and none while the server asked for a rest. */
export class Pace {
  readonly #between: number;
  readonly #outside: Outside;
  /** The earliest time of the next request. */
  #next = 0;
  /** Rests so far. */
  #rests = 0;

  /** @param perMinute most requests a minute; 0 for no limit */
  constructor(perMinute: number, outside: Outside) {
    this.#between = perMinute > 0 ? 60_000 / perMinute : 0;
    this.#outside = outside;
  }

  get now(): number {
    return (this.#outside.now ?? Date.now)();
  }

  /** Resolves once a request may begin. Rejects with the signal's reason. */
  async turn(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    let rests: number;
    // The server may ask for a rest while the request waits for its turn.
    do {
      rests = this.#rests;
      const at = Math.max(this.now, this.#next);
      this.#next = at + this.#between;
      if (at > this.now) await (this.#outside.sleep ?? pause)(at - this.now, signal);
    } while (rests !== this.#rests);
  }

  /** Lets no request begin for some milliseconds. */
  rest(milliseconds: number): void {
    this.#rests++;
    this.#next = Math.max(this.#next, this.now + milliseconds);
  }
}
