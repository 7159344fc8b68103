import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import { array, string } from 'valibot';
import { ABORTED, describeError, type ErrorDescription } from '../../core/errors';
import { message } from '../../core/messages/message';
import { watchRuns, type ListedRun, type Progress, type RunRecord } from '../../worker/protocol';
import type { EngineState } from '../engine.svelte';
import { download } from '../shared/download';
import { keep, readKept } from '../shared/persist';
import { withProgress } from '../shared/progress';

/** The ids of the runs that the visitor has put aside, kept over a reload. */
const asideKey = 'runs.aside';

/** How the opening of a run ended. */
export type Opening = 'opened' | 'stopped' | 'failed';

/** The past runs in the engine's storage. */
export class RunsState {
  readonly #engine: EngineState;
  list: readonly ListedRun[] = $state.raw([]);
  /** Runs that were in the list and have been removed, by this tab or another. */
  readonly #removed = new SvelteMap<string, ListedRun>();
  /** The ids of runs whose records can't be read. */
  unreadable: readonly string[] = $state.raw([]);
  /** Why the list can't be read. */
  error: ErrorDescription | undefined = $state.raw();
  /** The error of the last request to each run, by the run's id. */
  readonly failures = new SvelteMap<string, ErrorDescription>();
  /** Id of the run being opened; `progress` is its progress. */
  opening: string | undefined = $state();
  progress: Progress | undefined = $state.raw();
  /** The newest interrupted run that can be continued; undefined if the visitor has dismissed it. */
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

  /** Updates the list whenever this tab or another changes it. @returns a function that stops this */
  watch(): () => void {
    const refresh = (): void => void this.refresh();
    // A closed tab sends no message; but another tab then becomes visible or gets the focus.
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
      const [list, unreadable] = await Promise.all([runs.list(), runs.unreadable()]);
      this.#noteRemoved(list, unreadable);
      [this.list, this.unreadable] = [list, unreadable];
      this.error = undefined;
      this.#forgetPassed();
    } catch (error) {
      this.error = describeError(error);
    }
  }

  get(id: string | undefined): ListedRun | undefined {
    return this.list.find((run) => run.id === id);
  }

  /** A run that has been removed since the page was opened: its adapter may still be open. */
  removed(id: string | undefined): ListedRun | undefined {
    return id === undefined ? undefined : this.#removed.get(id);
  }

  /** Stops offering a run at the top of the page; it stays in the list. */
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

  /** Dismisses a run's error. */
  dismiss(id: string): void {
    this.failures.delete(id);
  }

  /** A run with its history; undefined if `failures` says why not. */
  async read(id: string): Promise<RunRecord | undefined> {
    let run: RunRecord | undefined;
    await this.#try(id, async () => void (run = await this.#engine.remote.runs.read(id)));
    return run;
  }

  /** Gives a zip of the files about a run's numbers to the browser's downloads. */
  async downloadLogs(id: string): Promise<void> {
    await this.#try(id, async () => {
      const { name, content } = await this.#engine.remote.runs.logs(id);
      download(content, name);
    });
  }

  /** An empty name removes the run's name. */
  async rename(id: string, name: string): Promise<boolean> {
    return await this.#try(id, async () => {
      await this.#engine.remote.runs.rename(id, name);
      await this.refresh();
    });
  }

  async annotate(id: string, tags: readonly string[], notes: string): Promise<boolean> {
    return await this.#try(id, async () => {
      await this.#engine.remote.runs.annotate(id, { tags, notes });
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
    // The visitor stopped it, so it is no failure.
    this.dismiss(id);
    return 'stopped';
  }

  /** Stops the opening of a run; keeps the downloaded parts. */
  async stopOpening(): Promise<void> {
    await this.#engine.remote.runs.stopOpening();
  }

  #noteRemoved(list: readonly ListedRun[], unreadable: readonly string[]): void {
    const there = [...list.map(({ id }) => id), ...unreadable];
    for (const run of this.list) if (!there.includes(run.id)) this.#removed.set(run.id, run);
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

  /** Removes errors whose cause has passed: the run is gone, or no other tab uses it any more. */
  #forgetPassed(): void {
    for (const [id, { code }] of this.failures) {
      const run = this.get(id);
      const gone = !run && !this.unreadable.includes(id);
      const passed = run && code === 'run_in_other_tab' && run.usedBy !== 'another tab';
      if (gone || passed) this.failures.delete(id);
    }
  }
}
