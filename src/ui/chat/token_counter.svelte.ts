import { describeError, type ErrorDescription } from '../../core/errors';
import type { ChatMessage, TokenCount } from '../../worker/protocol';

type Conversations = readonly (readonly ChatMessage[])[];
type Count = (conversations: Conversations) => Promise<TokenCount>;

/** Long enough for a word to be typed. */
const SETTLE_MILLISECONDS = 200;

/** Counts the tokens of what would be sent, once the person pauses, and never more than one count at a time. */
export class TokenCounter {
  /** The last count; stays while the next is made. */
  count: TokenCount | undefined = $state.raw();
  /** The last count, or its failure, is of what was wanted last. */
  fresh = $state(true);
  /** Why the template refuses what would be sent. */
  error: ErrorDescription | undefined = $state.raw();
  readonly #count: Count;
  #wanted: Conversations | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #counting = false;

  constructor(count: Count) {
    this.#count = count;
  }

  /** Wants these to be counted; those that were wanted before are counted no more. None: shows no count. */
  update(conversations: Conversations): void {
    clearTimeout(this.#timer);
    if (conversations.length === 0) {
      this.#wanted = undefined;
      this.count = undefined;
      this.error = undefined;
      this.fresh = true;
      return;
    }
    this.#wanted = conversations;
    this.fresh = false;
    this.#timer = setTimeout(() => void this.#run(), SETTLE_MILLISECONDS);
  }

  async #run(): Promise<void> {
    if (this.#counting) return;
    this.#counting = true;
    while (this.#wanted) {
      const wanted = this.#wanted;
      let count: TokenCount | undefined;
      let error: ErrorDescription | undefined;
      try {
        count = await this.#count(wanted);
      } catch (thrown) {
        error = describeError(thrown);
      }
      if (this.#wanted !== wanted) continue;
      this.#wanted = undefined;
      this.count = count;
      this.error = error;
      this.fresh = true;
    }
    this.#counting = false;
  }
}
