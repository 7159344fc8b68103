import { string } from 'valibot';
import { keep, readKept } from '../shared/persist';

const ownKey = 'chat.system';
const openedKey = 'chat.system.opened';

/** The system prompt: the visitor's own for new conversations, or that of an older one as long as that is open. */
export class SystemPrompt {
  #own = $state(readKept(ownKey, string()) ?? '');
  #opened: string | undefined = $state();
  readonly text = $derived(this.#opened ?? this.#own);
  /** It is the visitor's own one. */
  readonly isOwn = $derived(this.#opened === undefined);

  /** After a reload with an older conversation open. */
  restore(): void {
    this.#opened = readKept(openedKey, string());
  }

  change(text: string): void {
    if (this.isOwn) {
      this.#own = text;
      keep(ownKey, text);
    } else this.open(text);
  }

  /** Takes that of a conversation; undefined: the visitor's own one again. */
  open(text: string | undefined): void {
    this.#opened = text;
    keep(openedKey, text);
  }
}
