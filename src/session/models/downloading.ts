import { TunesmithError, type ErrorClass } from '../../core/errors';
import { message, type Message } from '../../core/messages/message';
import { modelReferenceText, type ModelReference } from '../../core/model_reference';
import type { LoadSettings } from '../../core/settings/settings';
import type { Device } from '../../gpu/device';
import { downloadModel } from '../../hub/download';
import type { DownloadProgress, Hub, ModelDownload } from '../../hub/types';
import { openCheckpoint, type Checkpoint, type ModelFolder } from '../../models/files';
import { layoutOf, loadModel } from '../../models/load';
import { loadNotes } from '../../models/load_notes';
import type { Model } from '../../models/model';
import { withoutFiles } from '../../models/unquantized_rows';
import type { HubSource } from '../../storage/bases';
import type { FileStore } from '../../storage/file_store';
import { hashOfFound, type ModelOnHub, type ModelWithoutWeights } from './hub';
import { type FetchAgain, type LoadableModel } from './loadable';
import { openModel } from './open';
import type { OnProgress, Progress } from '../progress';
import type { Session } from '../session';

export interface DownloadingOptions {
  readonly hub: Hub;
  readonly store: FileStore;
  /** The model's files but the weights. */
  readonly small: ModelFolder;
  readonly onProgress: OnProgress;
  readonly signal?: AbortSignal;
}

/** A model of a hub whose weights arrive: the download, and the checkpoint that is read from it. */
export class DownloadingModel {
  readonly checkpoint: Checkpoint;
  /** What a person should know of the download, so far. */
  readonly notes: readonly Message[];
  readonly #download: ModelDownload;
  readonly #stop: AbortController;
  readonly #report: DownloadReport;

  private constructor(
    checkpoint: Checkpoint,
    notes: readonly Message[],
    download: ModelDownload,
    stop: AbortController,
    report: DownloadReport,
  ) {
    this.checkpoint = checkpoint;
    this.notes = notes;
    this.#download = download;
    this.#stop = stop;
    this.#report = report;
  }

  /**
   * Begins a download of the weights, or goes on with one, and opens the checkpoint as soon as its headers are here.
   * Throws as `downloadModel` and `openCheckpoint`.
   */
  static async begin(
    { repository, files }: ModelOnHub,
    { hub, store, small, onProgress, signal }: DownloadingOptions,
  ): Promise<DownloadingModel> {
    signal?.throwIfAborted();
    const stop = new AbortController();
    const report = new DownloadReport(message('downloading', { repo: repository.repo }), onProgress);
    const notes: Message[] = [];
    const download = await downloadModel(hub, repository, store, {
      paths: files.weights.map(({ path }) => path),
      onProgress: (told) => report.download(told),
      onNote: (note) => notes.push(note),
      signal: either(signal, stop.signal),
    });
    // Those who wait for its files hear of a failure as well, and may be the first to.
    download.done.catch(() => undefined);
    try {
      const checkpoint = await openCheckpoint(new Map([...small, ...download.folder]));
      return new DownloadingModel(checkpoint, notes, download, stop, report);
    } catch (error) {
      throw await ended(error, download, stop);
    }
  }

  /** Loads the weights onto a device as they arrive. The model is given out only when all files are whole. */
  async loadOn(
    device: Device,
    load: LoadSettings,
    onProgress: OnProgress,
    signal: AbortSignal | undefined,
  ): Promise<Model> {
    this.#report.onProgress = onProgress;
    const doing = load.load_in_4bit ? 'downloading_quantising' : 'downloading_loading';
    let model: Model | undefined;
    try {
      model = await loadModel(
        device,
        this.checkpoint,
        load,
        ({ name }) => this.#report.label(message(doing, { tensor: name })),
        signal,
      );
      await this.#download.done;
      return model;
    } catch (error) {
      model?.destroy();
      throw await ended(error, this.#download, this.#stop);
    }
  }

  /** Resolves when all files are whole and right. Throws as `ModelDownload.done`. */
  async whole(): Promise<void> {
    await this.#download.done;
  }

  /** Ends the download because of an error, and tells the error that counts. */
  async end(error: unknown): Promise<unknown> {
    return await ended(error, this.#download, this.#stop);
  }

  /** Ends the download; what has arrived stays. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#download.done.catch(() => undefined);
  }

  /** Removes what was fetched. */
  async discard(): Promise<void> {
    await this.#download.discardWeights();
  }
}

/** Errors about the files themselves. After any other, what has arrived is kept: for another try, or another way of loading. */
const ABOUT_FILES: readonly ErrorClass[] = ['damaged', 'input'];

async function ended(error: unknown, download: ModelDownload, stop: AbortController): Promise<unknown> {
  if (!(error instanceof TunesmithError) || !ABOUT_FILES.includes(error.errorClass)) {
    stop.abort();
    await download.done.catch(() => undefined);
    return error;
  }
  if (error.errorClass === 'damaged') {
    // It may have come through wrong: that is known when all of it is here.
    try {
      await download.done;
    } catch (cause) {
      return cause;
    }
  }
  // It will be refused every time, so nothing of it stays.
  stop.abort();
  await download.discardWeights();
  return error;
}

function either(a: AbortSignal | undefined, b: AbortSignal): AbortSignal {
  return a ? AbortSignal.any([a, b]) : b;
}

/** Joins what the download and the loading tell. */
class DownloadReport {
  onProgress: OnProgress;
  #told: Progress;

  constructor(label: Message, onProgress: OnProgress) {
    this.onProgress = onProgress;
    this.#told = { label };
  }

  label(label: Message): void {
    this.#tell({ ...this.#told, label });
  }

  download({ bytes, total, bytesPerSecond, etaSeconds }: DownloadProgress): void {
    const fraction = total > 0 ? bytes / total : undefined;
    this.#tell({ label: this.#told.label, fraction, bytes, totalBytes: total, bytesPerSecond, etaSeconds });
  }

  #tell(progress: Progress): void {
    this.#told = progress;
    this.onProgress(progress);
  }
}

export interface DownloadRequest {
  readonly hub: Hub;
  readonly store: FileStore;
  readonly found: ModelOnHub;
  /** All but the weights; undefined for a GGUF file. */
  readonly small: ModelWithoutWeights | undefined;
  readonly source: HubSource;
  readonly load: LoadSettings;
  readonly fetchAgain: FetchAgain;
}

/**
 * Opens a model of a hub in the session while its weights arrive. When this resolves, all of them are whole.
 *
 * @throws TunesmithError as `downloadModel`, `openCheckpoint` and `loadModel`; `download_reopen` if all files are here
 *   now, but what was read of them on the way was damaged: begin anew
 */
export async function openWhileDownloading(
  session: Pick<Session, 'open'>,
  { hub, store, found, small, source, load, fetchAgain }: DownloadRequest,
  options: { readonly onProgress: OnProgress; readonly signal?: AbortSignal },
): Promise<DownloadingModel> {
  const begin = (onProgress: OnProgress, signal: AbortSignal | undefined): Promise<DownloadingModel> =>
    DownloadingModel.begin(found, { hub, store, small: small?.folder ?? new Map(), onProgress, signal });
  const first = await begin(options.onProgress, options.signal);
  const waiting: { download?: DownloadingModel } = { download: first };
  try {
    const { checkpoint } = first;
    const notes = [...found.files.notes, ...checkpoint.notes, ...loadNotes(checkpoint, load)];
    const open = small
      ? { ...small.open, facts: { ...small.open.facts, notes } }
      : openModel({ ...checkpoint, notes }, found.identity, await hashOfFound(found));
    const loadable: LoadableModel = {
      open,
      load,
      source,
      fetchAgain,
      stored: withoutFiles(checkpoint.stored),
      layout: (maxBinding) => layoutOf(checkpoint, load, maxBinding),
      loadOn: async (device, onProgress, signal) => {
        // After a device was lost, what could not be kept is fetched again.
        const download = waiting.download ?? (await begin(onProgress, signal));
        waiting.download = undefined;
        return await download.loadOn(device, load, onProgress, signal);
      },
    };
    await session.open(loadable, options.onProgress, options.signal);
    return first;
  } catch (error) {
    throw waiting.download ? await waiting.download.end(error) : error;
  }
}

/** The origin that storage keeps with a model of a hub. */
export function sourceOf({ repository }: ModelOnHub, { repo, revision, file }: ModelReference): HubSource {
  const { commit, endpoint, license } = repository;
  return {
    kind: 'hub',
    repo: modelReferenceText({ repo, file }),
    commit,
    endpoint,
    ...(revision !== undefined && revision !== commit && { revision }),
    ...(license !== undefined && { license }),
  };
}
