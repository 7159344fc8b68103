import { HUGGING_FACE, normalizeEndpoint } from '../../core/endpoints';
import { errorClass, errorCode, isFull, TunesmithError } from '../../core/errors';
import { message, type Message } from '../../core/messages/message';
import { modelReferenceText, requireModelReference, type ModelReference } from '../../core/model_reference';
import type { LoadSettings } from '../../core/settings/settings';
import type { Originals } from '../../exports/merged/originals';
import type { Hub, HubSettings } from '../../hub/types';
import { findBase, listBases, removeBase } from '../../storage/bases';
import { openBase, saveBase, type BaseSource, type HubSource } from '../../storage/saved_base';
import { listDownloads, removeDownload, type StoredDownload } from '../../storage/downloads';
import { storageFull, type FileStore } from '../../storage/file_store';
import { withModelLock, withStorageLock, type Locks } from '../../storage/locks';
import { borrowedModel } from './borrowing';
import { openWhileDownloading, reopening, sourceOf, type DownloadingModel } from './downloading';
import { fetchWithoutWeights, findOnHub } from './hub';
import { LibraryPreviews, type SearchResult } from './previews';
import type { ModelOrigin } from './sources';
import { baseMissing, loadableBase, loadableFolder, type FetchAgain, type KnownHashes } from './loadable';
import type { ModelPreview, PreviewFor } from './preview';
import type { OnProgress } from '../progress';
import type { Session } from '../session';

export interface LibraryHost {
  /** The store of bases and unfinished downloads. */
  store(): Promise<FileStore>;
  /** Undefined if there are no other tabs. */
  readonly locks: Locks | undefined;
  /** Asks the browser not to clear the storage; called before storing large files. */
  persist(): Promise<unknown>;
  /** Stores the hashes of weights on disk. */
  readonly hashes?: KnownHashes;
  /** Replaces network functions in tests. */
  readonly hub?: Partial<Hub>;
}

/** A stored model: its base, or an unfinished download. */
export interface SavedModel {
  readonly id: string;
  readonly name: string;
  readonly source: BaseSource;
  readonly bytes: number;
  /** How it was loaded; absent for a download. */
  readonly load?: LoadSettings;
  /** Milliseconds since 1970. */
  readonly usedAt: number;
  /** Whether it is an unfinished download, which opening the model continues. */
  readonly partial: boolean;
}

export interface OpenOptions {
  readonly onProgress: OnProgress;
  readonly signal?: AbortSignal;
}

type LibrarySession = Pick<Session, 'open' | 'loadable' | 'replaceLoadable' | 'withBase' | 'closeModel'>;

/** The models that a session can open: from folders, from a hub, or from storage. */
export class ModelLibrary {
  readonly #session: LibrarySession;
  readonly #host: LibraryHost;
  readonly #previews: LibraryPreviews;
  #hub: Hub;

  constructor(session: LibrarySession, host: LibraryHost) {
    this.#session = session;
    this.#host = host;
    this.#previews = new LibraryPreviews(() => host.store());
    this.#hub = { endpoint: HUGGING_FACE, ...host.hub };
  }

  get hub(): Hub {
    return this.#hub;
  }

  /** Throws `endpoint_invalid`. */
  setHub({ endpoint, token }: HubSettings): void {
    this.#hub = { ...this.#host.hub, endpoint: normalizeEndpoint(endpoint), ...(token && { token }) };
  }

  /**
   * Opens a model in the session. A model of a hub is read from storage if it is there, without using the network;
   * otherwise it is downloaded and, once complete, saved in its form on the device.
   *
   * @throws TunesmithError errors of the folder, the hub, the storage and the device; `base_missing`
   */
  async open(origin: ModelOrigin, load: LoadSettings, options: OpenOptions): Promise<void> {
    this.#checkEndpoint(origin);
    switch (origin.kind) {
      case 'folder': {
        options.onProgress({ label: message('files_reading') });
        const loadable = await loadableFolder(origin.folder, origin.identity, load, this.#host.hashes);
        await this.#session.open(loadable, options.onProgress, options.signal);
        return;
      }
      case 'stored': {
        await this.#openStored(origin.id, options);
        return;
      }
      case 'hub': {
        await this.#openHub(origin.reference, load, options);
        return;
      }
    }
  }

  /**
   * Saves the base of the open model, so that a run of it can be continued after a reload. Does nothing if it is saved
   * already, or if the model is part of the page. Call it within `withStorageLock`.
   *
   * @returns the base's id, or undefined if there is none
   * @throws TunesmithError `storage_full`
   */
  async keep(options: OpenOptions): Promise<string | undefined> {
    const { baseId, source } = this.#session.loadable;
    if (!source) return undefined;
    const kept = baseId !== undefined && (await this.saved()).some(({ id }) => id === baseId);
    if (kept) return baseId;
    this.#persist();
    return await this.#save(source, options);
  }

  /** Models of the hub that can be trained here. Throws as `searchModels`. */
  async search(query: string, wanted: PreviewFor, signal?: AbortSignal): Promise<readonly SearchResult[]> {
    return await this.#previews.search(this.#hub, query, wanted, signal);
  }

  /** Previews a model before it is opened. Throws the reason if it could not be opened. */
  async preview(origin: ModelOrigin, wanted: PreviewFor, signal?: AbortSignal): Promise<ModelPreview> {
    this.#checkEndpoint(origin);
    return await this.#previews.preview(this.#hub, origin, wanted, signal);
  }

  /** All stored models, the most recently used first. */
  async saved(): Promise<readonly SavedModel[]> {
    const store = await this.#host.store();
    const [bases, downloads] = await Promise.all([listBases(store), listDownloads(store)]);
    const partial = downloads.map((download): SavedModel => {
      const { id, repo, commit, endpoint, bytes, changedAt: usedAt } = download;
      const source = { kind: 'hub' as const, repo, commit, endpoint };
      return { id, name: nameOfDownload(download), source, bytes, usedAt, partial: true };
    });
    const whole = bases.map((base): SavedModel => ({ ...base, partial: false }));
    return [...whole, ...partial].sort((a, b) => b.usedAt - a.usedAt);
  }

  /** Removes the stored model with this id. Throws `model_in_other_tab` for a running download. */
  async remove(id: string): Promise<void> {
    const { locks } = this.#host;
    const store = await this.#host.store();
    await withStorageLock(locks, () => removeBase(store, id));
    const download = (await listDownloads(store)).find((each) => each.id === id);
    if (!download) return;
    await withModelLock(locks, download.repo, () => removeDownload(store, id), { refuse: true });
  }

  /** Refuses a model of an endpoint other than the chosen one. */
  #checkEndpoint(origin: ModelOrigin): void {
    const wanted = origin.kind === 'hub' ? origin.reference.endpoint : undefined;
    if (wanted === undefined || wanted === this.#hub.endpoint) return;
    throw new TunesmithError({ code: 'endpoint_differs', values: { wanted, endpoint: this.#hub.endpoint } });
  }

  /** Opens a stored base. Throws `base_missing`; `base_damaged`, after removing the base. */
  async #openStored(id: string, options: OpenOptions): Promise<void> {
    const store = await this.#host.store();
    options.onProgress({ label: message('stored_model_reading') });
    try {
      const base = await openBase(store, id);
      if (!base) throw baseMissing();
      const { source } = base;
      const fetchAgain = source.kind === 'hub' ? this.#fetchAgain(source) : undefined;
      const loadable = { ...loadableBase(base), ...(fetchAgain && { fetchAgain }) };
      await this.#session.open(loadable, options.onProgress, options.signal);
    } catch (error) {
      if (errorCode(error) === 'base_damaged') await removeBase(store, id);
      throw error;
    }
  }

  /** Asks for persistent storage without waiting: models are saved even if the browser refuses. */
  #persist(): void {
    void this.#host.persist().catch(() => false);
  }

  /** Opens the saved base of a model; returns false if there is none, or a damaged one. */
  async #openKept(reference: ModelReference, load: LoadSettings, options: OpenOptions): Promise<boolean> {
    const store = await this.#host.store();
    const { repo, revision, file } = reference;
    const { endpoint } = this.#hub;
    const query = { endpoint, repo: modelReferenceText({ repo, file }), revision, load };
    const known = await findBase(store, query);
    if (!known) return false;
    try {
      await this.#openStored(known.id, options);
      return true;
    } catch (error) {
      if (errorClass(error) !== 'gone') throw error;
      return false;
    }
  }

  async #openHub(reference: ModelReference, load: LoadSettings, options: OpenOptions): Promise<void> {
    if (await this.#openKept(reference, load, options)) return;
    const { repo } = reference;
    const onWait = (): void => options.onProgress({ label: message('other_tab_fetching', { repo }) });
    const fetching = async (): Promise<void> => {
      // Another tab may have saved it meanwhile.
      if (!(await this.#openKept(reference, load, options))) await this.#fetch(reference, load, options);
    };
    await withModelLock(this.#host.locks, repo, fetching, { onWait, signal: options.signal });
  }

  async #fetch(reference: ModelReference, load: LoadSettings, options: OpenOptions): Promise<void> {
    const { onProgress, signal } = options;
    const { host } = new URL(this.#hub.endpoint);
    onProgress({ label: message('host_asking', { host, repo: reference.repo }) });
    const found = await findOnHub(this.#hub, reference, signal);
    const { commit } = found.repository;
    // The branch may still be at the commit of the saved model.
    if (await this.#openKept({ ...reference, revision: commit }, load, options)) return;
    const small = await fetchWithoutWeights(this.#hub, found, onProgress, signal);
    this.#persist();
    await reopening(async () => {
      const store = await this.#host.store();
      const source = sourceOf(found, reference);
      const fetchAgain = this.#fetchAgain(source);
      const fetching = { hub: this.#hub, store, found, small, source, load, fetchAgain };
      const download = await openWhileDownloading(this.#session, fetching, options);
      for (const note of download.notes) this.#addNote(note);
      await this.#keepArrived(download, options);
    });
  }

  /**
   * Saves the downloaded model in its form on the device, and removes the downloaded files. The model is already open,
   * so a failure to save it, for lack of room or because of a stop, is only a note.
   */
  async #keepArrived(download: DownloadingModel, options: OpenOptions): Promise<void> {
    const keep = (): Promise<unknown> => withStorageLock(this.#host.locks, () => this.keep(options));
    try {
      await keep().catch(async (error: unknown) => {
        if (!isFull(error)) throw error;
        // Removing the files makes room; the device has their contents.
        await download.discard();
        await keep();
      });
    } catch (error) {
      if (options.signal?.aborted) {
        // Keeps the files, so that the model can be opened without another download.
        this.#addNote(message('copy_stopped'));
        return;
      }
      if (!isFull(error)) {
        // Free the device's memory before reporting the failure.
        this.#session.closeModel();
        throw error;
      }
      this.#addNote(message('copy_no_room', { reason: error.clause }));
    }
    await download.discard();
  }

  async #save(source: BaseSource, { onProgress, signal }: OpenOptions): Promise<string> {
    const store = await this.#host.store();
    const { loadable } = this.#session;
    const { facts, identity, hash } = loadable.open;
    if (store.passing) throw storageFull(identity.name, 0, undefined);
    const description = { name: identity.name, source, modelHash: hash };
    const label = message('copy_keeping');
    const id = await this.#session.withBase((model) =>
      saveBase(store, model, facts, description, {
        signal,
        onProgress: (fraction) => onProgress({ label, fraction }),
      }),
    );
    const base = await openBase(store, id);
    const { towers, fetchAgain } = loadable;
    const kept = base && {
      ...loadableBase(base, loadable.open),
      ...(towers && { towers }),
      ...(fetchAgain && { fetchAgain }),
    };
    if (kept) this.#session.replaceLoadable(kept);
    return id;
  }

  /** The weights of a model of the hub, to merge an adapter with; reading them downloads the model. */
  originalsOf(reference: ModelReference): Originals {
    return { isRemote: true, read: this.#fetchFor(reference) };
  }

  /** Returns a function that downloads the same commit from the same endpoint again. */
  #fetchAgain({ repo, endpoint, commit }: HubSource): FetchAgain {
    return this.#fetchFor({ ...requireModelReference(repo), endpoint, revision: commit });
  }

  #fetchFor(reference: ModelReference): FetchAgain {
    return borrowedModel(reference, {
      hub: () => {
        this.#checkEndpoint({ kind: 'hub', reference });
        return this.#hub;
      },
      store: () => {
        this.#persist();
        return this.#host.store();
      },
      locks: this.#host.locks,
    });
  }

  #addNote(note: Message): void {
    const { loadable } = this.#session;
    const { facts } = loadable.open;
    const open = { ...loadable.open, facts: { ...facts, notes: [...facts.notes, note] } };
    this.#session.replaceLoadable({ ...loadable, open });
  }
}

/**
 * The name of a download. A repository may have several GGUF files, each of them a model, so their name includes the
 * file.
 */
function nameOfDownload({ repo, files }: StoredDownload): string {
  const gguf = files.find(({ path }) => path.endsWith('.gguf'));
  return gguf ? `${repo}:${gguf.path}` : repo;
}
