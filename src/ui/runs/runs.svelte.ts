import { describeError, type ErrorDescription } from '../../core/errors';
import type { ListedRun, Progress, RunRecord } from '../../worker/protocol';
import type { EngineState } from '../engine.svelte';
import { withProgress } from '../shared/progress';
import { text } from './text';

/** Former runs, as the engine's storage has them. */
export class RunsState {
  readonly #engine: EngineState;
  list: readonly ListedRun[] = $state.raw([]);
  /** The ids of runs whose records can't be read. */
  unreadable: readonly string[] = $state.raw([]);
  error: ErrorDescription | undefined = $state.raw();
  progress: Progress | undefined = $state.raw();
  /** Newest run that was interrupted and can go on; undefined where the visitor has put it aside. */
  readonly unfinished = $derived.by(() => {
    const run = this.list.find(
      ({ state, underWay }) => !underWay && (state === 'running' || state === 'paused'),
    );
    return run && run.id !== this.#putAside ? run : undefined;
  });
  #putAside: string | undefined = $state();

  constructor(engine: EngineState) {
    this.#engine = engine;
  }

  async refresh(): Promise<void> {
    await this.#try(async () => {
      const { runs } = this.#engine.remote;
      [this.list, this.unreadable] = await Promise.all([runs.list(), runs.unreadable()]);
    });
  }

  /** No more offered at the top of the page; it stays in the list. */
  putAside(run: RunRecord): void {
    this.#putAside = run.id;
  }

  async remove(...ids: readonly string[]): Promise<void> {
    const removed = await this.#try(async () => {
      for (const id of ids) await this.#engine.remote.runs.remove(id);
    });
    const { error } = this;
    await this.refresh();
    // That the list is there tells nothing of what could not be removed.
    if (!removed) this.error ??= error;
  }

  /** Makes a run's adapter the tuned one, over its own model. True when it is. */
  async open(run: RunRecord): Promise<boolean> {
    return this.#try(() =>
      withProgress(
        text.opening,
        (progress) => (this.progress = progress),
        async (onProgress) => {
          await this.#engine.remote.runs.open(run.id, onProgress);
        },
      ),
    );
  }

  async #try(action: () => Promise<void>): Promise<boolean> {
    this.error = undefined;
    try {
      await action();
      return true;
    } catch (error) {
      this.error = describeError(error);
      return false;
    }
  }
}
