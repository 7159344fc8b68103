import { describeError, type ErrorDescription } from '../../core/errors';
import type { StorageReport, SavedModelReport } from '../../worker/protocol';
import type { EngineState } from '../engine.svelte';

/** The models that this browser keeps, and the room that there is. */
export class SavedModelsState {
  readonly #engine: EngineState;
  list: readonly SavedModelReport[] = $state.raw([]);
  storage: StorageReport | undefined = $state.raw();
  /** Why the list can't be read. */
  error: ErrorDescription | undefined = $state.raw();
  /** The models that could not be removed, with the reasons. */
  unremoved: { readonly id: string; readonly error: ErrorDescription } | undefined = $state.raw();
  /** What is being removed. */
  removing: string | undefined = $state();

  constructor(engine: EngineState) {
    this.#engine = engine;
  }

  async refresh(): Promise<void> {
    try {
      this.list = await this.#engine.remote.saved.list();
      this.storage = await this.#engine.remote.saved.report();
      this.error = undefined;
      // It was removed elsewhere.
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

  /** Asks the browser to keep what is stored until the visitor removes it. Some browsers ask the visitor then. */
  async persist(): Promise<void> {
    // A refusal costs the promise, never the work.
    await navigator.storage.persist().catch(() => false);
    await this.refresh();
  }
}
