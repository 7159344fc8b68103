import { describeError, type ErrorDescription } from '../../core/errors';
import type { StorageReport, SavedModelReport } from '../../worker/protocol';
import type { EngineState } from '../engine.svelte';

/** The models stored in this browser, and the free room. */
export class SavedModelsState {
  readonly #engine: EngineState;
  list: readonly SavedModelReport[] = $state.raw([]);
  storage: StorageReport | undefined = $state.raw();
  /** Why the list can't be read. */
  error: ErrorDescription | undefined = $state.raw();
  /** The last model that could not be removed, with the reason. */
  unremoved: { readonly id: string; readonly error: ErrorDescription } | undefined = $state.raw();
  /** Id of the model being removed. */
  removing: string | undefined = $state();

  constructor(engine: EngineState) {
    this.#engine = engine;
  }

  async refresh(): Promise<void> {
    try {
      this.list = await this.#engine.remote.saved.list();
      this.storage = await this.#engine.remote.saved.report();
      this.error = undefined;
      // The model was removed by another tab.
      if (!this.list.some(({ id }) => id === this.unremoved?.id)) this.unremoved = undefined;
    } catch (error) {
      this.error = describeError(error);
    }
  }

  async remove({ id }: SavedModelReport): Promise<void> {
    this.removing = id;
    this.unremoved = undefined;
    try {
      await this.#engine.remote.saved.remove(id);
    } catch (error) {
      this.unremoved = { id, error: describeError(error) };
    }
    await this.refresh();
    this.removing = undefined;
  }

  /** Asks the browser to keep the storage until the visitor removes it. Some browsers then ask the visitor. */
  async persist(): Promise<void> {
    // A refusal is no failure.
    await navigator.storage.persist().catch(() => false);
    await this.refresh();
  }
}
