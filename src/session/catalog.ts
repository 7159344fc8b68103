import { parseSettings, type LoadSettings, type TrainSettings } from '../core/settings/settings';
import type { HubSettings } from '../hub/types';
import type { ModelLibrary } from './models/library';
import type { SearchResult } from './models/previews';
import type { ModelOpener } from './models/opener';
import type { ModelPreview, PreviewFor } from './models/preview';
import type { Session } from './session';
import type { ModelSource } from './models/sources';

/** Searches and previews models, without opening them. */
export class Catalog {
  readonly #session: Pick<Session, 'device'>;
  readonly #library: Pick<ModelLibrary, 'search' | 'preview' | 'setHub'>;
  readonly #opener: Pick<ModelOpener, 'originOf'>;
  #searching: AbortController | undefined;

  constructor(
    session: Pick<Session, 'device'>,
    library: Pick<ModelLibrary, 'search' | 'preview' | 'setHub'>,
    opener: Pick<ModelOpener, 'originOf'>,
  ) {
    this.#session = session;
    this.#library = library;
    this.#opener = opener;
  }

  /** Sets the hub for all later calls. The token stays in memory. Throws `endpoint_invalid`. */
  setHub(settings: HubSettings): void {
    this.#library.setHub(settings);
  }

  /**
   * Models that can be trained here and match the words, the most used first. A newer search stops an older one, which
   * rejects with an `AbortError`.
   */
  async search(query: string, load: LoadSettings, settings: TrainSettings): Promise<readonly SearchResult[]> {
    this.#searching?.abort();
    const searching = new AbortController();
    this.#searching = searching;
    const wanted = await this.#wanted(load, settings);
    return await this.#library.search(query, wanted, searching.signal);
  }

  /** Previews a model from config.json and the list of files alone. Throws the reason if the model can't be opened. */
  async preview(source: ModelSource, load: LoadSettings, settings: TrainSettings): Promise<ModelPreview> {
    const wanted = await this.#wanted(load, settings);
    return await this.#library.preview(await this.#opener.originOf(source), wanted);
  }

  async #wanted(load: LoadSettings, settings: TrainSettings): Promise<PreviewFor> {
    const { limits } = await this.#session.device();
    return { load, settings: parseSettings(settings), limits };
  }
}
