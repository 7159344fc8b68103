import { describeError, type ErrorDescription } from '../../core/errors';
import { modelReferenceText } from '../../core/model_reference';
import type { LoadSettings, TrainSettings } from '../../core/settings/settings';
import type { ModelPreview, ModelSource } from '../../worker/protocol';
import type { EngineState } from '../engine.svelte';

/** A model that is looked at before it is opened, from the hub or from storage. */
export type CandidateSource = Extract<ModelSource, { kind: 'hub' | 'stored' }>;

/** What is known of a model before anything of its weights is fetched. */
export class CandidateState {
  readonly #engine: EngineState;
  source: CandidateSource | undefined = $state.raw();
  #name = $state('');
  preview: ModelPreview | undefined = $state.raw();
  error: ErrorDescription | undefined = $state.raw();
  busy = $state(false);
  /** The newest question: an older one's answer is not shown any more. */
  #turn = 0;

  constructor(engine: EngineState) {
    this.#engine = engine;
  }

  /** As it was asked for; where that says nothing, as the preview tells. */
  readonly name = $derived(this.#name === '' ? (this.preview?.repo ?? this.preview?.name ?? '') : this.#name);

  /** Looks at this model from now on. `refresh` asks what is known of it. */
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

  /** Asks anew, for these settings. What is known so far stays on show until the answer is here. */
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
