import { ABORTED, describeError, type ErrorDescription } from '../../core/errors';
import type { HubModelReport, LoadSettings, TrainSettings } from '../../worker/protocol';
import type { EngineState } from '../engine.svelte';

/** Long enough to type on, short enough to feel immediate. */
export const settleMilliseconds = 350;
/** Fewer letters match everything. */
const fewestCharacters = 2;

/** Models of the hub that match what is typed. */
export class SearchState {
  readonly #engine: EngineState;
  query = $state('');
  results: readonly HubModelReport[] = $state.raw([]);
  /** What `results` are of. */
  found = $state('');
  busy = $state(false);
  error: ErrorDescription | undefined = $state.raw();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The newest search: an older one's answer is not shown any more. */
  #turn = 0;

  constructor(engine: EngineState) {
    this.#engine = engine;
  }

  readonly searching = $derived(this.query.trim().length >= fewestCharacters);

  /**
   * Takes what is typed, and asks the hub when the typing has paused. Without settings, of a page that has only begun,
   * nothing is asked yet: type the same again when they are known.
   */
  type(query: string, load: LoadSettings, settings: TrainSettings | undefined): void {
    this.query = query;
    this.cancel();
    this.error = undefined;
    if (!this.searching) {
      this.#show([], '');
      return;
    }
    if (query.trim() === this.found || !settings) return;
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
    this.#show([], '');
  }

  #show(results: readonly HubModelReport[], found: string): void {
    this.results = results;
    this.found = found;
  }

  async #search(turn: number, query: string, load: LoadSettings, settings: TrainSettings): Promise<void> {
    try {
      const results = await this.#engine.remote.searchModels(query, load, settings);
      if (turn !== this.#turn) return;
      this.#show(results, query);
    } catch (error) {
      const description = describeError(error);
      if (turn !== this.#turn || description.code === ABORTED) return;
      this.#show([], '');
      this.error = description;
    } finally {
      if (turn === this.#turn) this.busy = false;
    }
  }
}
