import { describeError, type ErrorDescription } from '../../core/errors';
import type { AdapterReport, ExportResult } from '../../worker/protocol';
import type { EngineState } from '../engine.svelte';
import type { PickedFiles } from '../shared/files';

/** The tuned adapter that is open now, and its way out of the page and back in. */
export class TakeawayState {
  readonly #engine: EngineState;
  /** Undefined while there is only the base. */
  adapter: AdapterReport | undefined = $state.raw();
  result: ExportResult | undefined = $state.raw();
  /** Where the zip can be downloaded from. */
  address: string | undefined = $state();
  exporting = $state(false);
  importing = $state(false);
  exportError: ErrorDescription | undefined = $state.raw();
  importError: ErrorDescription | undefined = $state.raw();

  constructor(engine: EngineState) {
    this.#engine = engine;
  }

  /** Asks the engine which adapter is open, after anything that may have changed it. */
  async refresh(): Promise<void> {
    this.#forget();
    try {
      this.adapter = await this.#engine.remote.adapter.report();
    } catch (error) {
      this.adapter = undefined;
      this.exportError = describeError(error);
    }
  }

  /** Writes, re-reads and checks the files, and hands out the zip's address; undefined where that failed. */
  async export(): Promise<{ readonly address: string; readonly fileName: string } | undefined> {
    this.exporting = true;
    this.exportError = undefined;
    try {
      const result = await this.#engine.remote.adapter.export();
      this.#forget();
      this.result = result;
      this.address = URL.createObjectURL(result.zip);
      return { address: this.address, fileName: result.fileName };
    } catch (error) {
      this.exportError = describeError(error);
      return undefined;
    } finally {
      this.exporting = false;
    }
  }

  /** Opens an adapter's folder or zip over the open model. */
  async import({ name, files }: PickedFiles): Promise<void> {
    this.importing = true;
    this.importError = undefined;
    try {
      const adapter = await this.#engine.remote.adapter.import(name, files);
      this.#forget();
      this.adapter = adapter;
    } catch (error) {
      this.importError = describeError(error);
    } finally {
      this.importing = false;
    }
  }

  #forget(): void {
    if (this.address !== undefined) URL.revokeObjectURL(this.address);
    this.address = undefined;
    this.result = undefined;
  }
}
