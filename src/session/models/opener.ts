import { type LoadSettings } from '../../core/settings/settings';
import { requireModelReference } from '../../core/model_reference';
import type { ModelLibrary } from './library';
import type { ModelOrigin } from './sources';
import type { OnProgress } from '../progress';
import { DEMO_NAME, demoFolder, folderOfBlobs, namedBlobs, type ModelSource } from './sources';

/** Opens models in the session, for a person and for continued runs. The opening can be stopped. */
export class ModelOpener {
  readonly #library: Pick<ModelLibrary, 'open'>;
  /** Address of the folder that contains `models`, with a slash at the end; undefined if there is no page. */
  readonly #page: string | undefined;
  #opening: AbortController | undefined;

  constructor(library: Pick<ModelLibrary, 'open'>, page?: string) {
    this.#library = library;
    this.#page = page;
  }

  /** Throws as `ModelLibrary.open`, and an `AbortError` after `stop`. */
  async open(
    origin: ModelOrigin,
    load: LoadSettings,
    onProgress: OnProgress,
    then: (signal: AbortSignal) => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    const opening = new AbortController();
    this.#opening = opening;
    const { signal } = opening;
    try {
      await this.#library.open(origin, load, { onProgress, signal });
      await then(signal);
    } finally {
      this.#opening = undefined;
    }
  }

  stop(): void {
    this.#opening?.abort();
  }

  /** Throws `demo_missing`, `model_reference`. */
  async originOf(source: ModelSource): Promise<ModelOrigin> {
    switch (source.kind) {
      case 'demo':
        return {
          kind: 'folder',
          identity: { name: DEMO_NAME, source: 'demo', address: `${this.#page ?? ''}models/demo/` },
          folder: await demoFolder(this.#page ?? ''),
        };
      case 'files': {
        const folder = folderOfBlobs(namedBlobs(source.files));
        return { kind: 'folder', identity: { name: source.name, source: 'files' }, folder };
      }
      case 'hub': {
        const reference = requireModelReference(source.repo);
        const { revision = reference.revision, file = reference.file } = source;
        const named = { ...(revision !== undefined && { revision }), ...(file !== undefined && { file }) };
        return { kind: 'hub', reference: { ...reference, ...named } };
      }
      case 'stored':
        return source;
    }
  }
}
