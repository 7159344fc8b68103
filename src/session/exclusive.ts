import { TunesmithError } from '../core/errors';
import type { ErrorValues } from '../core/messages/message';

type Doing = ErrorValues<'engine_busy'>['doing'];

/** Lets the device do one thing at a time. A second call is refused, so that it can't disturb the first. */
export class Exclusive {
  #busy: Doing | undefined;
  /** The last measurement, which uses the device between other work; the next work and the next measurement wait for it. */
  #measuring: Promise<void> | undefined;

  /**
   * @param doing the engine's activity meanwhile
   * @throws TunesmithError `engine_busy` while other work is running
   */
  async run<T>(doing: Doing, work: () => Promise<T>): Promise<T> {
    if (this.#busy !== undefined) {
      throw new TunesmithError({ code: 'engine_busy', values: { doing: this.#busy } });
    }
    this.#busy = doing;
    try {
      await this.#measuring;
      this.#measuring = undefined;
      return await work();
    } finally {
      this.#busy = undefined;
    }
  }

  /** Measures only while nothing else uses the device. Ignores errors: the work itself reports them again later. */
  async measure(measure: () => Promise<void>): Promise<void> {
    if (this.#busy !== undefined) return;
    const before = this.#measuring;
    const own = (async () => {
      if (before) await before;
      await measure().catch(() => undefined);
    })();
    this.#measuring = own;
    await own;
  }
}
