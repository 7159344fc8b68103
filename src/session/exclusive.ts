import { TunesmithError } from '../core/errors';
import type { ErrorValues } from '../core/messages/message';

type Doing = ErrorValues<'engine_busy'>['doing'];

/** The device does one thing at a time; a second call is told so instead of spoiling the first. */
export class Exclusive {
  #busy: Doing | undefined;
  /** Measuring uses the device between other work; whoever needs it next waits for the end of it. */
  #measuring: Promise<void> | undefined;

  /**
   * @param doing what the engine is at meanwhile
   * @throws TunesmithError `engine_busy` while other work lasts
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

  /** Measures only while nothing else uses the device. What fails here fails again, in words, where it matters. */
  async measure(measure: () => Promise<void>): Promise<void> {
    if (this.#busy === undefined) await (this.#measuring ??= measure().catch(() => undefined));
  }
}
