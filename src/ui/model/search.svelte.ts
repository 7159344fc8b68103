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
  /** The newest results, even if the typed query has changed since. */
  #answer: { readonly query: string; readonly results: readonly HubModelReport[] } | undefined = $state.raw();
  busy = $state(false);
  error: ErrorDescription | undefined = $state.raw();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Number of the newest search; results of older ones are not shown. */
  #turn = 0;

  constructor(engine: EngineState) {
    this.#engine = engine;
  }

  readonly searching = $derived(this.query.trim().length >= fewestCharacters);
  /** The results, if they belong to the typed query. */
  readonly #current = $derived(this.#answer?.query === this.query.trim() ? this.#answer : undefined);
  readonly results: readonly HubModelReport[] = $derived(this.#current?.results ?? []);
  /** The query of `results`; empty while there are none for the typed query. */
  readonly found = $derived(this.#current?.query ?? '');

  /**
   * Takes the typed query, and searches the hub when the typing has paused. Does not search without settings, which the
   * page lacks at its beginning; call it again with the same query once they are known.
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

  /** Drops the pending search. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#turn++;
    this.busy = false;
  }

  /** Clears the query and the results. */
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
