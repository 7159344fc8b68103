import { describeError, type ErrorDescription } from '../../core/errors';
import type { ListedRun, Progress, RunRecord } from '../../worker/protocol';
import type { EngineState } from '../engine.svelte';
import { withProgress } from '../shared/progress';
import { text } from './text';

/** Former runs, as the engine's storage has them. */
export class RunsState {
  readonly #engine: EngineState;
  list: readonly ListedRun[] = $state.raw([]);
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
      this.list = await this.#engine.remote.runs.list();
    });
  }

  /** No more offered at the top of the page; it stays in the list. */
  putAside(run: RunRecord): void {
    this.#putAside = run.id;
  }

  async remove(run: RunRecord): Promise<void> {
    await this.#try(() => this.#engine.remote.runs.remove(run.id));
    await this.refresh();
  }

  /** Makes a run's adapter the tuned one, over its own model. True when it is. */
  async open(run: RunRecord): Promise<boolean> {
    return this.#try(() =>
      withProgress(
        text.runOpening,
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
