import { ABORTED, describeError, type ErrorDescription } from '../../core/errors';
import { message } from '../../core/messages/message';
import type { TrainSettings } from '../../core/settings/settings';
import type { NoiseReduction, Progress } from '../../worker/protocol';
import type { EngineState } from '../engine.svelte';
import { withProgress } from '../shared/progress';
import type { ExportState } from './export.svelte';

/** The noise reduction of the open adapter. */
export class NoiseState {
  readonly #engine: EngineState;
  readonly #exports: Pick<ExportState, 'adapter' | 'refresh'>;
  readonly #settings: () => TrainSettings | undefined;
  running = $state(false);
  stopping = $state(false);
  progress: Progress | undefined = $state.raw();
  error: ErrorDescription | undefined = $state.raw();
  /** The last reduction and the adapter that it made. */
  #result: { readonly reduction: NoiseReduction; readonly id: string | undefined } | undefined = $state.raw();

  /** @param settings those of the open examples; undefined if there are no examples */
  constructor(
    engine: EngineState,
    exports: Pick<ExportState, 'adapter' | 'refresh'>,
    settings: () => TrainSettings | undefined,
  ) {
    this.#engine = engine;
    this.#exports = exports;
    this.#settings = settings;
  }

  /** The changes of the reduction that made the open adapter; undefined if none made it. */
  get reduction(): NoiseReduction | undefined {
    return this.#result && this.#result.id === this.#exports.adapter?.id ? this.#result.reduction : undefined;
  }

  async reduce(): Promise<void> {
    await this.#run(async () => {
      const reduction = await withProgress(
        message('noise_reducing'),
        (progress) => (this.progress = progress),
        (onProgress) => this.#engine.remote.adapter.reduceNoise(this.#settings(), onProgress),
      );
      await this.#exports.refresh();
      this.#result = { reduction, id: this.#exports.adapter?.id };
    });
  }

  /** Takes the former adapter back. */
  async undo(): Promise<void> {
    await this.#run(async () => {
      await this.#engine.remote.adapter.keepNoise();
      this.#result = undefined;
      await this.#exports.refresh();
    });
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.#engine.remote.adapter.stopExport();
  }

  async #run(work: () => Promise<void>): Promise<void> {
    this.running = true;
    this.error = undefined;
    try {
      await work();
    } catch (error) {
      const described = describeError(error);
      if (described.code !== ABORTED) this.error = described;
    } finally {
      this.running = false;
      this.stopping = false;
    }
  }
}
