import { errorCode, TunesmithError, type ErrorClass } from '../../core/errors';
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
import type { HubSource } from '../../storage/saved_base';
import type { FileStore } from '../../storage/file_store';
import { hashOfFound, type ModelOnHub, type ModelWithoutWeights } from './hub';
import { type FetchAgain, type LoadableModel } from './loadable';
import { openModel } from './open';
import type { OnProgress, Progress } from '../progress';
import type { Session } from '../session';

export interface DownloadingOptions {
  readonly hub: Hub;
  readonly store: FileStore;
  /** The model's files without the weights. */
  readonly small: ModelFolder;
  readonly onProgress: OnProgress;
  readonly signal?: AbortSignal;
}

/** A model whose weights are being downloaded: the download, and the checkpoint that reads from it. */
export class DownloadingModel {
  readonly checkpoint: Checkpoint;
  /** Notes for the person on the download so far. */
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
   * Starts or continues a download of the weights, and opens the checkpoint as soon as its headers have arrived. Throws
   * as `downloadModel` and `openCheckpoint`.
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
    // Avoids an unhandled rejection: the reads of its files fail too, possibly earlier.
    download.done.catch(() => undefined);
    try {
      const checkpoint = await openCheckpoint(new Map([...small, ...download.folder]));
      return new DownloadingModel(checkpoint, notes, download, stop, report);
    } catch (error) {
      throw await ended(error, download, stop);
    }
  }

  /** Loads the weights onto a device as they arrive. Resolves only when all files are complete. */
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

  /** Resolves when all files are complete and correct. Throws as `ModelDownload.done`. */
  async whole(): Promise<void> {
    await this.#download.done;
  }

  /** Stops the download because of an error, and returns the error to report. */
  async end(error: unknown): Promise<unknown> {
    return await ended(error, this.#download, this.#stop);
  }

  /** Stops the download; keeps the parts that have arrived. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#download.done.catch(() => undefined);
  }

  /** Removes the downloaded files. */
  async discard(): Promise<void> {
    await this.#download.discardWeights();
  }
}

/**
 * Classes of errors about the files themselves. After any other error the downloaded parts are kept, for a retry or for
 * other load settings.
 */
const ABOUT_FILES: readonly ErrorClass[] = ['damaged', 'input'];

async function ended(error: unknown, download: ModelDownload, stop: AbortController): Promise<unknown> {
  if (!(error instanceof TunesmithError) || !ABOUT_FILES.includes(error.errorClass)) {
    stop.abort();
    await download.done.catch(() => undefined);
    return error;
  }
  if (error.errorClass === 'damaged') {
    // The transfer may have damaged the file; the hash shows it once the file is complete.
    try {
      await download.done;
    } catch (cause) {
      return cause;
    }
  }
  // The files are wrong at their source, so they are removed.
  stop.abort();
  await download.discardWeights();
  return error;
}

function either(a: AbortSignal | undefined, b: AbortSignal): AbortSignal {
  return a ? AbortSignal.any([a, b]) : b;
}

/** Joins the progress of the download and of the loading. */
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
  /** The model without its weights; undefined for a GGUF file. */
  readonly small: ModelWithoutWeights | undefined;
  readonly source: HubSource;
  readonly load: LoadSettings;
  readonly fetchAgain: FetchAgain;
}

/**
 * Opens a model of a hub in the session while its weights arrive. Resolves when all of them are complete.
 *
 * @throws TunesmithError as `downloadModel`, `openCheckpoint` and `loadModel`; `download_reopen` if all files are
 *   complete now, but bytes read before were damaged: open again
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
        // After a device loss, a download that could not be saved is repeated.
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

const MOST_ATTEMPTS = 3;

/**
 * Opens a download again if bytes read during the transfer were damaged: its files are complete and correct by then.
 */
export async function reopening<T>(open: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await open();
    } catch (error) {
      if (errorCode(error) !== 'download_reopen' || attempt === MOST_ATTEMPTS) throw error;
    }
  }
}

/** The origin that is stored with a model of a hub. */
export function sourceOf(
  { repository, files }: ModelOnHub,
  { repo, revision, file }: ModelReference,
): HubSource {
  const { commit, endpoint, license } = repository;
  return {
    kind: 'hub',
    repo: modelReferenceText({ repo, file }),
    commit,
    endpoint,
    ...(revision !== undefined && revision !== commit && { revision }),
    ...(license !== undefined && { license }),
    ...(files.kind === 'gguf' && { file: files.weights[0]!.path }),
  };
}
