import { message, type Message } from '../../core/messages/message';
import { modelReferenceText, type ModelReference } from '../../core/model_reference';
import { listRepository } from '../../hub/repository';
import { searchModels } from '../../hub/search';
import type { Hub, HubModel } from '../../hub/types';
import { openCheckpoint, type Checkpoint } from '../../models/files';
import { loadNotes } from '../../models/load_notes';
import { findBase } from '../../storage/bases';
import { openBase } from '../../storage/saved_base';
import { downloadId, readDownload } from '../../storage/downloads';
import type { FileStore } from '../../storage/file_store';
import { DownloadingModel } from './downloading';
import { baseMissing } from './loadable';
import type { FitLevel } from '../plans/fit';
import { configOnHub, findOnHub, type ModelOnHub } from './hub';
import type { ModelOrigin } from './sources';
import { hubPreview, localPreview, roughFit, type ModelPreview, type PreviewFor } from './preview';

/** A model that a search found. `fits` is undefined if its size is unknown. */
export interface SearchResult extends HubModel {
  readonly fits?: FitLevel;
}

/** Previews models before any large download. */
export class LibraryPreviews {
  readonly #store: () => Promise<FileStore>;

  constructor(store: () => Promise<FileStore>) {
    this.#store = store;
  }

  /** Models of the hub that can be trained here. Throws as `searchModels`. */
  async search(
    hub: Hub,
    query: string,
    { load, limits }: PreviewFor,
    signal?: AbortSignal,
  ): Promise<readonly SearchResult[]> {
    const models = await searchModels(hub, query, { signal });
    return models.map((model) => {
      const { parameters } = model;
      return parameters === undefined ? model : { ...model, fits: roughFit(parameters, load, limits) };
    });
  }

  /** Throws the reason if the model could not be opened. */
  async preview(
    hub: Hub,
    origin: ModelOrigin,
    wanted: PreviewFor,
    signal?: AbortSignal,
  ): Promise<ModelPreview> {
    const storageFree = await (await this.#store()).free();
    const preview = await this.#of(hub, origin, wanted, signal);
    return storageFree === undefined ? preview : { ...preview, storageFree };
  }

  async #of(
    hub: Hub,
    origin: ModelOrigin,
    wanted: PreviewFor,
    signal: AbortSignal | undefined,
  ): Promise<ModelPreview> {
    const store = await this.#store();
    switch (origin.kind) {
      case 'folder': {
        const checkpoint = await openCheckpoint(origin.folder);
        const { name, source } = origin.identity;
        const preview = localPreview(name, checkpoint, listed(checkpoint), wanted);
        const notes = [...checkpoint.notes, ...loadNotes(checkpoint, wanted.load), ...preview.notes];
        return { ...preview, notes, ...(source === 'demo' && { storageNeeded: 0 }) };
      }
      case 'stored':
        // A model chosen by its id is used as stored, and must open without a network.
        return await this.#ofBase(undefined, origin.id, wanted, signal);
      case 'hub': {
        const { repo, revision, file } = origin.reference;
        const { endpoint } = hub;
        const query = { endpoint, repo: modelReferenceText({ repo, file }), revision, load: wanted.load };
        const kept = await findBase(store, query);
        if (kept) return await this.#ofBase(hub, kept.id, wanted, signal);
        return await this.#ofHub(hub, origin.reference, wanted, signal);
      }
    }
  }

  /** @param hub the hub to ask for a newer version; undefined to ask none */
  async #ofBase(
    hub: Hub | undefined,
    id: string,
    wanted: PreviewFor,
    signal: AbortSignal | undefined,
  ): Promise<ModelPreview> {
    const base = await openBase(await this.#store(), id);
    if (!base) throw baseMissing();
    const { checkpoint, name, source, load } = base;
    const preview = localPreview(name, checkpoint, [], { ...wanted, load });
    const common = { ...preview, alreadyStored: true, storageNeeded: 0 };
    if (source.kind === 'files') return { ...common, notes: [...checkpoint.notes, ...preview.notes] };
    const [repo = source.repo] = source.repo.split(':');
    const reference = { repo, revision: source.revision };
    const newer = hub ? await newerCommit(hub, reference, source.commit, signal) : [];
    return {
      ...common,
      repo,
      ...(source.license !== undefined && { license: source.license }),
      notes: [...newer, ...checkpoint.notes, ...preview.notes],
    };
  }

  async #ofHub(
    hub: Hub,
    reference: ModelReference,
    wanted: PreviewFor,
    signal: AbortSignal | undefined,
  ): Promise<ModelPreview> {
    const found = await findOnHub(hub, reference, signal);
    if (found.files.kind === 'safetensors') {
      return hubPreview(found, await configOnHub(hub, found, signal), [], wanted);
    }
    const { config, notes } = await this.#headerOf(hub, found, signal);
    return hubPreview(found, config, notes, wanted);
  }

  /** Downloads the beginning of a GGUF file, because its header has all the facts. */
  async #headerOf(hub: Hub, found: ModelOnHub, signal: AbortSignal | undefined): Promise<Checkpoint> {
    const store = await this.#store();
    const id = await downloadId(found.repository.repo, found.files.weights[0]?.path);
    const before = await readDownload(store, id);
    const onProgress = (): void => undefined;
    const download = await DownloadingModel.begin(found, {
      hub,
      store,
      small: new Map(),
      onProgress,
      signal,
    });
    // Keep an earlier download; discard this one, because the person has not chosen the model yet.
    await (before ? download.stop() : download.discard());
    return download.checkpoint;
  }
}

function listed({ files }: Checkpoint): readonly { readonly path: string; readonly size: number }[] {
  return files.map(({ name, size }) => ({ path: name, size }));
}

/** Milliseconds to wait for the hub; the preview is complete without its answer. */
const PATIENCE = 2000;

/** A note if the hub has a newer commit than the saved model; nothing if the hub can't be reached. */
async function newerCommit(
  hub: Hub,
  reference: ModelReference,
  commit: string,
  signal: AbortSignal | undefined,
): Promise<readonly Message[]> {
  try {
    const timeout = AbortSignal.timeout(PATIENCE);
    const both = signal ? AbortSignal.any([signal, timeout]) : timeout;
    const now = await listRepository(hub, reference.repo, reference.revision, { signal: both });
    if (now.commit === commit) return [];
    return [message('hub_has_newer', { now: short(now.commit), kept: short(commit) })];
  } catch {
    signal?.throwIfAborted();
    return [];
  }
}

function short(commit: string): string {
  return commit.slice(0, 8);
}
