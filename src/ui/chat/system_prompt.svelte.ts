import { string } from 'valibot';
import { keep, readKept } from '../shared/persist';

const ownKey = 'chat.system';
const openedKey = 'chat.system.opened';

/** The system prompt: the visitor's own for new conversations, or that of an earlier conversation while it is open. */
export class SystemPrompt {
  #own = $state(readKept(ownKey, string()) ?? '');
  #opened: string | undefined = $state();
  readonly text = $derived(this.#opened ?? this.#own);
  /** Whether it is the visitor's own. */
  readonly isOwn = $derived(this.#opened === undefined);

  /** Call it after a reload with an earlier conversation open. */
  restore(): void {
    this.#opened = readKept(openedKey, string());
  }

  change(text: string): void {
    if (this.isOwn) {
      this.#own = text;
      keep(ownKey, text);
    } else this.open(text);
  }

  /** Shows the prompt of a conversation; undefined shows the visitor's own again. */
  open(text: string | undefined): void {
    this.#opened = text;
    this.keep();
  }

  /** Stores it again: another tab may have stored that of its own conversation. */
  keep(): void {
    keep(openedKey, this.#opened);
  }
}
