import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import { ABORTED, describeError, type ErrorDescription } from '../../../core/errors';
import type { RowDetail, RowQuery, RowReport } from '../../../worker/protocol';
import type { EngineState } from '../../engine.svelte';
import { EDITS_FILE } from './edits';

/** Rows that are fetched at once. */
const PAGE = 50;
/** Tokens of an open row that are shown at first. */
const TOKENS = 2000;

/** The table of all rows: what is looked for, the rows that were fetched, and the one that is open. */
export class RowsState {
  readonly #engine: EngineState;
  query: RowQuery = $state.raw({});
  /** How many rows match; undefined until the engine has answered. */
  total: number | undefined = $state.raw();
  error: ErrorDescription | undefined = $state.raw();
  /** Whether a search is under way. */
  busy = $state(false);
  /** The open row and its place in the list. */
  opened: { readonly report: RowReport; readonly index: number } | undefined = $state.raw();
  detail: RowDetail | undefined = $state.raw();
  readonly #pages = new SvelteMap<number, readonly RowReport[]>();
  /** Pages that were asked for. */
  readonly #asked = new SvelteSet<number>();
  /** Tokens of the open row that are fetched. */
  #tokens = TOKENS;
  /** Number of the present query or data set: answers to older ones don't count. */
  #turn = 0;

  constructor(engine: EngineState) {
    this.#engine = engine;
  }

  /** A row of the list; undefined until it has arrived. */
  at(index: number): RowReport | undefined {
    return this.#pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  /** Looks for other rows, or sorts them anew. */
  async look(change: Partial<RowQuery>): Promise<void> {
    const given = { ...this.query, ...change };
    const entries = Object.entries(given).filter(([, value]) => value !== undefined && value !== '');
    this.query = Object.fromEntries(entries);
    await this.refresh();
  }

  /**
   * Fetches the rows again, after the query or the examples have changed. The former ones stay until the new arrive.
   *
   * @param at place of the first row that is in sight
   */
  async refresh(at = 0): Promise<void> {
    const turn = ++this.#turn;
    const first = Math.floor(at / PAGE);
    this.busy = true;
    this.error = undefined;
    try {
      const { total, rows } = await this.#engine.remote.examples.rows(this.query, first * PAGE, 2 * PAGE);
      if (turn !== this.#turn) return;
      this.#pages.clear();
      this.#asked.clear();
      for (const page of [first, first + 1]) {
        this.#pages.set(page, rows.slice((page - first) * PAGE, (page - first + 1) * PAGE));
        this.#asked.add(page);
      }
      this.total = total;
      await this.#openAgain(rows, first * PAGE);
    } catch (error) {
      if (turn === this.#turn) this.#fail(error);
    } finally {
      if (turn === this.#turn) this.busy = false;
    }
  }

  /** Forgets everything, because there are no examples. */
  clear(): void {
    this.#turn++;
    this.#pages.clear();
    this.#asked.clear();
    this.total = undefined;
    this.busy = false;
    this.close();
  }

  /** Fetches the rows from `first` to before `end`, unless they are there or on their way. */
  async need(first: number, end: number): Promise<void> {
    const turn = this.#turn;
    for (let page = Math.floor(first / PAGE); page * PAGE < Math.min(end, this.total ?? 0); page++) {
      if (this.#asked.has(page)) continue;
      this.#asked.add(page);
      try {
        const { rows } = await this.#engine.remote.examples.rows(this.query, page * PAGE, PAGE);
        if (turn !== this.#turn) return;
        this.#pages.set(page, rows);
      } catch (error) {
        if (turn !== this.#turn) return;
        this.#asked.delete(page);
        this.#fail(error);
        return;
      }
    }
  }

  /** The matching rows that were proposed, by their numbers in the file of edits. */
  async proposed(): Promise<readonly number[]> {
    const { total = 0 } = this;
    try {
      const { rows } = await this.#engine.remote.examples.rows(this.query, 0, total);
      const own = rows.filter(({ file, flags }) => file === EDITS_FILE && flags.includes('proposed'));
      return own.map(({ record }) => record);
    } catch (error) {
      this.#fail(error);
      return [];
    }
  }

  /** Opens a row of the list. Does nothing if it has not arrived. */
  async open(index: number): Promise<void> {
    const report = this.at(index);
    if (!report) return;
    this.#tokens = TOKENS;
    // The content of another row must never be taken for this one's.
    if (this.opened?.report.row !== report.row) this.detail = undefined;
    this.opened = { report, index };
    await this.#showDetail(report);
  }

  /** Shows more tokens of the open row. */
  async more(): Promise<void> {
    this.#tokens *= 5;
    if (this.opened) await this.#showDetail(this.opened.report);
  }

  close(): void {
    this.opened = undefined;
    this.detail = undefined;
  }

  /** Shows the open row with its new facts, if it is still there. */
  async #openAgain(rows: readonly RowReport[], first: number): Promise<void> {
    const { opened } = this;
    if (!opened) return;
    const { file, record } = opened.report;
    const at = rows.findIndex((row) => row.file === file && row.record === record);
    const report = rows[at];
    if (report) this.opened = { report, index: first + at };
    await this.#showDetail(report ?? opened.report);
  }

  async #showDetail({ row, file, record }: RowReport): Promise<void> {
    try {
      const detail = await this.#engine.remote.examples.row(row, this.#tokens);
      if (this.opened?.report.row !== row) return;
      const isSame = detail?.report.file === file && detail.report.record === record;
      if (isSame) this.opened = { ...this.opened, report: detail.report };
      else this.opened = undefined;
      this.detail = isSame ? detail : undefined;
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    const description = describeError(error);
    if (description.code !== ABORTED) this.error = description;
  }
}
