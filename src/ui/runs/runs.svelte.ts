import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import { array, string } from 'valibot';
import { ABORTED, describeError, type ErrorDescription } from '../../core/errors';
import { message } from '../../core/messages/message';
import { watchRuns, type ListedRun, type Progress, type RunRecord } from '../../worker/protocol';
import type { EngineState } from '../engine.svelte';
import { keep, readKept } from '../shared/persist';
import { withProgress } from '../shared/progress';

/** The ids of the runs that the visitor has put aside, kept over a reload. */
const asideKey = 'runs.aside';

/** How the opening of a run ended. */
export type Opening = 'opened' | 'stopped' | 'failed';

/** Past runs, as the engine's storage has them. */
export class RunsState {
  readonly #engine: EngineState;
  list: readonly ListedRun[] = $state.raw([]);
  /** The ids of runs whose records can't be read. */
  unreadable: readonly string[] = $state.raw([]);
  /** Why the list can't be read. */
  error: ErrorDescription | undefined = $state.raw();
  /** The error of the last request to each run, by the run's id. */
  readonly failures = new SvelteMap<string, ErrorDescription>();
  /** The run that is being opened, and how far that is. */
  opening: string | undefined = $state();
  progress: Progress | undefined = $state.raw();
  /** Newest run that was interrupted and can go on; undefined if the visitor has put it aside. */
  readonly unfinished = $derived.by(() => {
    const run = this.list.find(
      ({ state, usedBy }) => usedBy === undefined && (state === 'running' || state === 'paused'),
    );
    return run && !this.#putAside.has(run.id) ? run : undefined;
  });
  readonly #putAside = new SvelteSet<string>(readKept(asideKey, array(string())));

  constructor(engine: EngineState) {
    this.#engine = engine;
  }

  /** Keeps the list as it is in storage, whatever this tab and others do. @returns a function that ends this */
  watch(): () => void {
    const refresh = (): void => void this.refresh();
    // A tab that was closed tells nobody; the next one then comes to the front, or gets the focus.
    const seen = (): void => {
      if (!document.hidden) refresh();
    };
    const stop = watchRuns(refresh);
    document.addEventListener('visibilitychange', seen);
    window.addEventListener('focus', seen);
    return () => {
      stop();
      document.removeEventListener('visibilitychange', seen);
      window.removeEventListener('focus', seen);
    };
  }

  async refresh(): Promise<void> {
    const { runs } = this.#engine.remote;
    try {
      [this.list, this.unreadable] = await Promise.all([runs.list(), runs.unreadable()]);
      this.error = undefined;
      this.#forgetPassed();
    } catch (error) {
      this.error = describeError(error);
    }
  }

  get(id: string | undefined): ListedRun | undefined {
    return this.list.find((run) => run.id === id);
  }

  /** No more offered at the top of the page; it stays in the list. */
  putAside({ id }: Pick<RunRecord, 'id'>): void {
    this.#putAside.add(id);
    this.#keepAside();
  }

  /** The run goes on: if it is interrupted again, it is offered again. */
  takeUp(id: string): void {
    this.#putAside.delete(id);
    this.#keepAside();
  }

  fail(id: string, error: ErrorDescription): void {
    this.failures.set(id, error);
  }

  /** Forgets what went wrong with a run. */
  dismiss(id: string): void {
    this.failures.delete(id);
  }

  /** A run with its history; undefined if `failures` says why not. */
  async read(id: string): Promise<RunRecord | undefined> {
    let run: RunRecord | undefined;
    await this.#try(id, async () => void (run = await this.#engine.remote.runs.read(id)));
    return run;
  }

  /** An empty name takes the run's own away. */
  async rename(id: string, name: string): Promise<boolean> {
    return await this.#try(id, async () => {
      await this.#engine.remote.runs.rename(id, name);
      await this.refresh();
    });
  }

  async remove(...ids: readonly string[]): Promise<void> {
    for (const id of ids) await this.#try(id, () => this.#engine.remote.runs.remove(id));
    await this.refresh();
  }

  /** Makes a run's adapter the tuned one, over its own model. */
  async open(id: string): Promise<Opening> {
    this.opening = id;
    const call = (): Promise<void> =>
      withProgress(
        message('run_opening'),
        (progress) => (this.progress = progress),
        async (onProgress) => {
          await this.#engine.remote.runs.open(id, onProgress);
        },
      );
    const opened = await this.#try(id, call).finally(() => (this.opening = undefined));
    if (opened) return 'opened';
    if (this.failures.get(id)?.code !== ABORTED) return 'failed';
    // The visitor has stopped it: that is no problem.
    this.dismiss(id);
    return 'stopped';
  }

  /** Ends the opening of a run; what has arrived of a download stays. */
  async stopOpening(): Promise<void> {
    await this.#engine.remote.runs.stopOpening();
  }

  #keepAside(): void {
    // Runs that are gone need not be remembered.
    const ids = [...this.#putAside].filter((id) => this.get(id));
    keep(asideKey, ids);
  }

  async #try(id: string, action: () => Promise<void>): Promise<boolean> {
    this.dismiss(id);
    try {
      await action();
      return true;
    } catch (error) {
      this.fail(id, describeError(error));
      return false;
    }
  }

  /** A problem goes away with its cause: the run is gone, or nobody else uses it any more. */
  #forgetPassed(): void {
    for (const [id, { code }] of this.failures) {
      const run = this.get(id);
      const gone = !run && !this.unreadable.includes(id);
      const passed = run && code === 'run_in_other_tab' && run.usedBy !== 'another tab';
      if (gone || passed) this.failures.delete(id);
    }
  }
}
