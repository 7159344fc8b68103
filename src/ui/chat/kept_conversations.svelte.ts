import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import { describeError, TunesmithError, type ErrorDescription } from '../../core/errors';
import type { Conversation } from './conversation';
import { forgetConversation, keepConversation, newestFirst, readConversations } from './conversation_store';

/**
 * The conversations that the browser stores. Each tab continues from the version that it has read or written last. If
 * another tab has continued the same version meanwhile, this tab's version becomes a separate conversation, so that
 * neither is lost.
 */
export class KeptConversations {
  /** All stored conversations, the newest first. */
  list: readonly Conversation[] = $state.raw([]);
  /** Why some conversations are not stored; told once, until all are stored. */
  failure: ErrorDescription | undefined = $state.raw();
  readonly #onMoved: (from: string, to: string) => void;
  /** Time of change of the version that this tab continues from, by id. */
  readonly #known = new SvelteMap<string, string>();
  /** Conversations that wait to be written, by id. */
  readonly #waiting = new SvelteMap<string, Conversation>();
  /** Conversations that the browser did not store, by id. They are written again after each success. */
  readonly #unkept = new SvelteMap<string, Conversation>();
  /** Ids of the conversations that this page has removed. A write that ends later must not bring them back. */
  readonly #removed = new SvelteSet<string>();
  #writing: Promise<void> | undefined;

  /** @param onMoved called if a conversation continues under another id */
  constructor(onMoved: (from: string, to: string) => void) {
    this.#onMoved = onMoved;
  }

  /** Reads the stored conversations of all tabs. */
  async refresh(): Promise<void> {
    await this.#writing;
    const read = await readConversations();
    if (!read) return;
    const unkept = [...this.#unkept.values()];
    this.list = [...unkept, ...read.filter(({ id }) => !this.#unkept.has(id) && !this.#removed.has(id))];
  }

  /** The conversation in the list; this tab continues from that version. */
  take(id: string | undefined): Conversation | undefined {
    const found = this.list.find((each) => each.id === id);
    if (found && !this.#unkept.has(found.id) && !this.#waiting.has(found.id)) {
      this.#known.set(found.id, found.updatedAt);
    }
    return found;
  }

  keep(conversation: Conversation): void {
    this.#show(conversation);
    this.#waiting.set(conversation.id, conversation);
    this.#writing ??= this.#write();
  }

  /** Writes the conversations again that the browser did not store. Call it when the storage has room again. */
  again(): void {
    for (const [id, conversation] of this.#unkept) {
      if (!this.#waiting.has(id)) this.#waiting.set(id, conversation);
    }
    if (this.#waiting.size > 0) this.#writing ??= this.#write();
  }

  async remove(id: string): Promise<void> {
    this.#removed.add(id);
    this.list = this.list.filter((each) => each.id !== id);
    this.#waiting.delete(id);
    this.#known.delete(id);
    this.#settle(id);
    await this.#writing;
    await forgetConversation(id);
  }

  async #write(): Promise<void> {
    for (const [id, conversation] of this.#waiting) {
      this.#waiting.delete(id);
      try {
        const follows = await keepConversation(conversation, this.#known.get(id));
        if (this.#removed.has(id)) continue;
        if (follows) {
          this.#known.set(id, conversation.updatedAt);
          this.#settle(id);
          this.again();
        } else await this.#move(conversation);
      } catch (cause) {
        if (this.#removed.has(id)) continue;
        if (this.#unkept.size === 0) {
          this.failure = describeError(new TunesmithError({ code: 'conversation_not_kept', cause }));
        }
        this.#unkept.set(id, conversation);
      }
    }
    this.#writing = undefined;
  }

  /** Continues a conversation under another id, because another tab has continued it. */
  async #move({ id, ...rest }: Conversation): Promise<void> {
    const moved = { ...(this.#waiting.get(id) ?? rest), id: crypto.randomUUID() };
    this.#waiting.delete(id);
    this.#known.delete(id);
    this.#unkept.delete(id);
    this.#waiting.set(moved.id, moved);
    this.list = this.list.filter((each) => each.id !== id);
    this.#show(moved);
    this.#onMoved(id, moved.id);
    const theirs = (await readConversations())?.filter((each) => each.id === id && !this.#removed.has(id));
    const ours = this.list.filter((each) => each.id !== id);
    this.list = [...ours, ...(theirs ?? [])].sort(newestFirst);
  }

  /** Forgets that a conversation was not stored. */
  #settle(id: string): void {
    this.#unkept.delete(id);
    if (this.#unkept.size === 0) this.failure = undefined;
  }

  #show(conversation: Conversation): void {
    this.list = [conversation, ...this.list.filter(({ id }) => id !== conversation.id)];
  }
}
