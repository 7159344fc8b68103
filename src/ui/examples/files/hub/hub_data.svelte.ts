import type { DatasetReference } from '../../../../core/dataset_reference';
import { ABORTED, describeError, type ErrorDescription } from '../../../../core/errors';
import { message, type Message } from '../../../../core/messages/message';
import type { DatasetReport, FoundDataset, Progress } from '../../../../worker/protocol';
import type { EngineState } from '../../../engine.svelte';
import { settleMilliseconds } from '../../../model/search.svelte';
import { withProgress } from '../../../shared/progress';
import { FIRST_ROWS, typedOf, typedSlice } from './rows';

/** Fewer letters match everything. */
const fewestCharacters = 2;

/** The choice of rows of a data set of the hub, and their download. */
export class HubDataState {
  readonly #engine: EngineState;
  readonly #add: (file: File) => Promise<void>;
  /** Whether the visitor is choosing. */
  open = $state(false);
  query = $state('');
  #found: { readonly query: string; readonly results: readonly FoundDataset[] } | undefined = $state.raw();
  searching = $state(false);
  looking = $state(false);
  report: DatasetReport | undefined = $state.raw();
  error: ErrorDescription | undefined = $state.raw();
  config = $state('');
  split = $state('');
  rows = $state(FIRST_ROWS);
  progress: Progress | undefined = $state.raw();
  /** Notes on the rows that were added last. */
  notes: readonly Message[] = $state.raw([]);
  #reference: DatasetReference | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Number of the newest question; answers to older ones are not shown. */
  #turn = 0;

  /** @param add takes the downloaded rows as a file */
  constructor(engine: EngineState, add: (file: File) => Promise<void>) {
    this.#engine = engine;
    this.#add = add;
  }

  /** The query of `results`; empty while there are none for the typed query. */
  readonly found = $derived(this.#found?.query === this.query.trim() ? this.#found.query : '');
  readonly results: readonly FoundDataset[] = $derived(this.found === '' ? [] : (this.#found?.results ?? []));
  readonly splits = $derived(this.report?.configs.find(({ name }) => name === this.config)?.splits ?? []);
  readonly slice = $derived(typedSlice(this.rows));

  /** Takes the typed query, and searches when the typing has paused. */
  type(query: string): void {
    this.#forget();
    this.query = query;
    const wanted = query.trim();
    if (wanted.length < fewestCharacters) return;
    this.searching = true;
    const turn = this.#turn;
    this.#timer = setTimeout(() => void this.#search(turn, wanted), settleMilliseconds);
  }

  /** Asks for the configurations and splits of a data set. */
  async look(reference: DatasetReference): Promise<void> {
    this.#forget();
    this.query = reference.repo;
    this.#reference = reference;
    this.looking = true;
    const turn = this.#turn;
    try {
      const report = await this.#engine.remote.datasets.look(reference);
      if (turn !== this.#turn) return;
      this.report = report;
      this.#choose(report, reference);
    } catch (error) {
      this.#fail(turn, error);
    } finally {
      if (turn === this.#turn) this.looking = false;
    }
  }

  /** Chooses a configuration, and its training split or its first one. */
  chooseConfig(name: string): void {
    this.config = name;
    const { splits } = this;
    this.split = (splits.find((split) => split.name === 'train') ?? splits[0])?.name ?? '';
  }

  /** Downloads the chosen rows, and adds them to the examples. */
  async fetch(): Promise<void> {
    const { slice, config, split } = this;
    if (!this.#reference || !slice) return;
    const { repo, revision, endpoint } = this.#reference;
    const named = {
      ...(revision !== undefined && { revision }),
      ...(endpoint !== undefined && { endpoint }),
    };
    this.error = undefined;
    try {
      const { name, content, notes } = await withProgress(
        message('dataset_listing', { repo }),
        (progress) => (this.progress = progress),
        (onProgress) =>
          this.#engine.remote.datasets.fetch({ repo, ...named, config, split, slice }, onProgress),
      );
      await this.#add(new File([content], name));
      this.cancel();
      this.notes = notes;
    } catch (error) {
      this.#fail(this.#turn, error);
    }
  }

  async stop(): Promise<void> {
    await this.#engine.remote.datasets.stop();
  }

  /** Closes the choice. */
  cancel(): void {
    this.#forget();
    this.query = '';
    this.open = false;
    this.notes = [];
  }

  async #search(turn: number, query: string): Promise<void> {
    try {
      // Behind the name may stand a revision, a split and rows.
      const [name = ''] = query.split(/[@,[]/);
      const results = await this.#engine.remote.datasets.search(name);
      if (turn === this.#turn) this.#found = { query, results };
    } catch (error) {
      this.#fail(turn, error);
    } finally {
      if (turn === this.#turn) this.searching = false;
    }
  }

  #choose({ configs }: DatasetReport, { config, split, slice }: DatasetReference): void {
    const named = configs.find(({ name }) => name === (config ?? split));
    const usual = configs.find(({ isDefault }) => isDefault) ?? configs[0];
    this.chooseConfig((config === undefined ? undefined : named)?.name ?? usual?.name ?? '');
    if (split !== undefined && this.splits.some(({ name }) => name === split)) this.split = split;
    else if (config === undefined && named) this.chooseConfig(named.name);
    this.rows = slice ? typedOf(slice) : FIRST_ROWS;
  }

  #fail(turn: number, error: unknown): void {
    const description = describeError(error);
    if (turn === this.#turn && description.code !== ABORTED) this.error = description;
  }

  #forget(): void {
    clearTimeout(this.#timer);
    this.#turn++;
    this.searching = this.looking = false;
    this.report = undefined;
    this.#reference = undefined;
    this.error = undefined;
  }
}
