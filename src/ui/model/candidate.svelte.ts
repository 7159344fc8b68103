import { describeError, type ErrorDescription } from '../../core/errors';
import { modelReferenceText } from '../../core/model_reference';
import type { LoadSettings, TrainSettings } from '../../core/settings/settings';
import type { ModelPreview, ModelSource } from '../../worker/protocol';
import type { EngineState } from '../engine.svelte';

/** A model from the hub or from storage that is previewed before it is opened. */
export type CandidateSource = Extract<ModelSource, { kind: 'hub' | 'stored' }>;

/** The preview of a model before its weights are downloaded. */
export class CandidateState {
  readonly #engine: EngineState;
  source: CandidateSource | undefined = $state.raw();
  #name = $state('');
  preview: ModelPreview | undefined = $state.raw();
  error: ErrorDescription | undefined = $state.raw();
  busy = $state(false);
  /** Number of the newest request; results of older ones are not shown. */
  #turn = 0;

  constructor(engine: EngineState) {
    this.#engine = engine;
  }

  /** The name as requested, else as in the preview. */
  readonly name = $derived(this.#name === '' ? (this.preview?.repo ?? this.preview?.name ?? '') : this.#name);

  /** Selects a model to preview. `refresh` then requests its preview. */
  look(source: CandidateSource, name = source.kind === 'hub' ? modelReferenceText(source) : ''): void {
    this.forget();
    this.#name = name;
    this.source = source;
    this.busy = true;
  }

  forget(): void {
    this.#turn++;
    this.source = undefined;
    this.preview = undefined;
    this.error = undefined;
    this.busy = false;
  }

  /** Requests the preview again, for these settings. The old one stays visible until the new one arrives. */
  async refresh(load: LoadSettings, settings: TrainSettings): Promise<void> {
    const { source } = this;
    if (!source) return;
    const turn = ++this.#turn;
    this.busy = true;
    try {
      const preview = await this.#engine.remote.catalog.preview(source, load, settings);
      if (turn !== this.#turn) return;
      this.preview = preview;
      this.error = undefined;
    } catch (error) {
      if (turn !== this.#turn) return;
      this.preview = undefined;
      this.error = describeError(error);
    }
    this.busy = false;
  }
}
