import { ABORTED, describeError, type ErrorDescription } from '../../core/errors';
import type { LoadSettings, TrainSettings } from '../../core/settings/settings';
import type { HubModelReport } from '../../worker/protocol';
import type { EngineState } from '../engine.svelte';

/** Long enough to type on, short enough to feel immediate. */
export const settleMilliseconds = 350;
/** Fewer letters match everything. */
const fewestCharacters = 2;

/** Models of the hub that match what is typed. */
export class SearchState {
  readonly #engine: EngineState;
  query = $state('');
  /** The newest answer, also while something else is typed already. */
  #answer: { readonly query: string; readonly results: readonly HubModelReport[] } | undefined = $state.raw();
  busy = $state(false);
  error: ErrorDescription | undefined = $state.raw();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The newest search: an older one's answer is not shown any more. */
  #turn = 0;

  constructor(engine: EngineState) {
    this.#engine = engine;
  }

  readonly searching = $derived(this.query.trim().length >= fewestCharacters);
  /** Only an answer to what is typed now: nobody chooses what they no longer look for. */
  readonly #current = $derived(this.#answer?.query === this.query.trim() ? this.#answer : undefined);
  readonly results: readonly HubModelReport[] = $derived(this.#current?.results ?? []);
  /** What `results` are of; empty while there is no answer to what is typed. */
  readonly found = $derived(this.#current?.query ?? '');

  /**
   * Takes what is typed, and asks the hub when the typing has paused. Without settings, of a page that has only begun,
   * nothing is asked yet: type the same again when they are known.
   */
  type(query: string, load: LoadSettings, settings: TrainSettings | undefined): void {
    this.query = query;
    this.cancel();
    this.error = undefined;
    if (!this.searching) {
      this.#answer = undefined;
      return;
    }
    if (this.#current || !settings) return;
    this.busy = true;
    const turn = this.#turn;
    this.#timer = setTimeout(() => void this.#search(turn, query.trim(), load, settings), settleMilliseconds);
  }

  /** Drops what is being searched for. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#turn++;
    this.busy = false;
  }

  /** Forgets what was searched for. */
  clear(): void {
    this.cancel();
    this.query = '';
    this.error = undefined;
    this.#answer = undefined;
  }

  async #search(turn: number, query: string, load: LoadSettings, settings: TrainSettings): Promise<void> {
    try {
      const results = await this.#engine.remote.catalog.search(query, load, settings);
      if (turn !== this.#turn) return;
      this.#answer = { query, results };
    } catch (error) {
      const description = describeError(error);
      if (turn !== this.#turn || description.code === ABORTED) return;
      this.#answer = undefined;
      this.error = description;
    } finally {
      if (turn === this.#turn) this.busy = false;
    }
  }
}
