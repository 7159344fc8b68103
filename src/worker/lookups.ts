import { type LoadSettings, parseSettings, type TrainSettings } from '../core/settings/settings';
import type { ModelLibrary } from '../session/library';
import type { PreviewFor } from '../session/preview';
import type { Session } from '../session/session';
import type { Models } from './models';
import type { HubModelReport, ModelPreview, ModelSource } from './protocol';

/** Looks for models and at them, before anything of them is opened. */
export class Lookups {
  readonly #session: Pick<Session, 'device'>;
  readonly #library: Pick<ModelLibrary, 'search' | 'preview'>;
  readonly #models: Pick<Models, 'origin'>;
  #searching: AbortController | undefined;

  constructor(
    session: Pick<Session, 'device'>,
    library: Pick<ModelLibrary, 'search' | 'preview'>,
    models: Pick<Models, 'origin'>,
  ) {
    this.#session = session;
    this.#library = library;
    this.#models = models;
  }

  /** A newer search ends an older one, which rejects with an `AbortError`. */
  async search(
    query: string,
    load: LoadSettings,
    settings: TrainSettings,
  ): Promise<readonly HubModelReport[]> {
    this.#searching?.abort();
    const searching = new AbortController();
    this.#searching = searching;
    const wanted = await this.#wanted(load, settings);
    return await this.#library.search(query, wanted, searching.signal);
  }

  async preview(source: ModelSource, load: LoadSettings, settings: TrainSettings): Promise<ModelPreview> {
    const wanted = await this.#wanted(load, settings);
    return await this.#library.preview(await this.#models.origin(source), wanted);
  }

  async #wanted(load: LoadSettings, settings: TrainSettings): Promise<PreviewFor> {
    const { limits } = await this.#session.device();
    return { load, settings: parseSettings(settings), limits };
  }
}
