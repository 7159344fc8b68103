import { describeError, type ErrorDescription } from '../../core/errors';
import type { ChatMessage, TokenCount } from '../../worker/protocol';

type Conversations = readonly (readonly ChatMessage[])[];
type Count = (conversations: Conversations) => Promise<TokenCount>;

/** Long enough for a word to be typed. */
const SETTLE_MILLISECONDS = 200;

/**
 * Counts the tokens of the messages that would be sent, once the person pauses typing; at most one count runs at a
 * time.
 */
export class TokenCounter {
  /** The last count; stays until the next one is ready. */
  count: TokenCount | undefined = $state.raw();
  /** Whether the last count, or its failure, belongs to the newest messages. */
  fresh = $state(true);
  /** Why the template refuses the messages. */
  error: ErrorDescription | undefined = $state.raw();
  readonly #count: Count;
  #wanted: Conversations | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #counting = false;

  constructor(count: Count) {
    this.#count = count;
  }

  /** Requests a count of these conversations and drops earlier requests. An empty list shows no count. */
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
