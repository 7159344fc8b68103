import { isFull, TunesmithError } from '../core/errors';
import { message } from '../core/messages/message';
import type { ModelFolder } from '../models/files';
import {
  downloadFolder,
  downloadId,
  readDownload,
  removeDownload,
  writeDownload,
  type DownloadState,
} from '../storage/downloads';
import type { FileStore } from '../storage/file_store';
import { sha256Hex } from '../core/bytes';
import { ArrivingFile } from './arriving_file';
import { fetchPiece } from './fetch_piece';
import { wrongContent } from './download_errors';
import { Requester } from './requester';
import { Speed } from './speed';
import type { DownloadOptions, Hub, ModelDownload, Repository, RepositoryFile } from './types';

const CONNECTIONS = 4;
const PIECE_BYTES = 16 * 2 ** 20;
const STALL = 30_000;
/** Milliseconds between records of what has arrived; a crash loses at most this much. */
const RECORD_EVERY = 1000;
const TELL_EVERY = 250;

/**
 * Downloads files of a repository into the store, a few ranges at a time and in order. Continues an earlier download of
 * the same repository. Starts at once; the result's `done` may reject with TunesmithError `storage_full` (says how much
 * to free), `download_wrong_hash`, `download_changed`, `download_failed`, `endpoint_unreachable`, `repository_gated`,
 * `repository_not_found`, `repository_file_missing`.
 *
 * @throws TunesmithError `endpoint_invalid`, `repository_file_missing`, `storage_full` before the download starts,
 *   `file_in_use` if another tab downloads the same
 */
export async function downloadModel(
  hub: Hub,
  repository: Repository,
  store: FileStore,
  options: DownloadOptions,
): Promise<ModelDownload> {
  const listed = options.paths.map((path) => listedFile(repository, path));
  const single = listed.find(({ path }) => path.endsWith('.gguf'));
  const id = await downloadId(repository.repo, single?.path);
  const before = await readDownload(store, id);
  const files = await Promise.all(
    listed.map(
      async (file) =>
        new ArrivingFile(store, file, `${downloadFolder(id)}/${await storedName(repository, file)}`),
    ),
  );
  await removeOthers(store, id, files);
  const download = new Download(new Requester(hub), repository, store, id, files, options);
  await download.begin(before);
  const done = download.run();
  // Avoids an unhandled rejection before anyone awaits `done`.
  done.catch(() => undefined);
  return {
    folder: new Map(files.map((file) => [file.name, file])) satisfies ModelFolder,
    done,
    discardWeights: async () => {
      download.stop(new DOMException('The download was discarded.', 'AbortError'));
      await done.catch(() => undefined);
      await removeDownload(store, id);
    },
  };
}

class Download {
  readonly #requester: Requester;
  readonly #repository: Repository;
  readonly #store: FileStore;
  readonly #id: string;
  readonly #files: readonly ArrivingFile[];
  readonly #options: DownloadOptions;
  readonly #stopped = new AbortController();
  readonly #total: number;
  /** Files that were discarded once because their hashes were wrong. */
  readonly #refetched = new Set<ArrivingFile>();
  #speed: Speed;
  #recordedAt = 0;
  #recording: Promise<void> = Promise.resolve();
  #toldAt = -Infinity;
  #idle: (() => void)[] = [];

  constructor(
    requester: Requester,
    repository: Repository,
    store: FileStore,
    id: string,
    files: readonly ArrivingFile[],
    options: DownloadOptions,
  ) {
    this.#requester = requester;
    this.#repository = repository;
    this.#store = store;
    this.#id = id;
    this.#files = files;
    this.#options = options;
    this.#total = files.reduce((sum, { size }) => sum + size, 0);
    this.#speed = new Speed(requester.now, 0);
  }

  /** Opens the files with their stored parts, and checks that there is room for the rest. */
  async begin(before: DownloadState | undefined): Promise<void> {
    const { repo, commit, endpoint } = this.#repository;
    try {
      for (const file of this.#files) {
        const known = before?.files.find(({ stored }) => file.path.endsWith(`/${stored}`));
        // If the endpoint gives no hash, a part from another endpoint may belong to a different file.
        const same = before?.endpoint === endpoint || file.file.sha256 !== undefined;
        await file.open(same ? (known?.arrived ?? []) : []);
        if (same && before?.endpoint === endpoint) file.etag = known?.etag;
      }
      if (before && before.commit !== commit) {
        this.#options.onNote?.(message('repository_changed', { repo }));
      }
      const missing = this.#total - this.#bytes;
      const free = await this.#store.free();
      if (free !== undefined && free < missing) {
        const values = { repo, missing, excess: missing - free };
        throw new TunesmithError({ code: 'download_no_room', values });
      }
    } catch (error) {
      await Promise.all(this.#files.map((file) => file.close({ error })));
      throw error;
    }
    this.#recordedAt = this.#requester.now();
    this.#speed = new Speed(this.#requester.now, this.#bytes);
  }

  stop(reason: unknown): void {
    this.#stopped.abort(reason);
    this.#wake();
  }

  async run(): Promise<void> {
    const { signal, connections = CONNECTIONS } = this.#options;
    const stop = () => this.stop(signal?.reason);
    signal?.addEventListener('abort', stop);
    if (signal?.aborted) stop();
    // Reports the speed also while nothing arrives.
    const telling = setInterval(() => this.#tell(), 1000);
    try {
      // Hashes the stored parts again: the disk may have lost or changed them.
      const work = [this.#checkStored(), ...Array.from({ length: connections }, () => this.#connection())];
      const ends = await Promise.allSettled(work.map((each) => this.#orStop(each)));
      const failed = ends.find((end) => end.status === 'rejected');
      if (failed) throw this.#stopped.signal.reason;
      await this.#record();
      await this.#close();
      this.#tell(true);
    } catch (cause) {
      const error = this.#inWords(cause);
      // Keeps and records the parts that have arrived.
      await this.#record().catch(() => undefined);
      await this.#close({ error }).catch(() => undefined);
      throw error;
    } finally {
      clearInterval(telling);
      signal?.removeEventListener('abort', stop);
    }
    const misread = this.#files.find((file) => file.misread);
    if (misread) throw new TunesmithError({ code: 'download_reopen', values: { file: misread.name } });
  }

  get #bytes(): number {
    return this.#files.reduce((sum, { arrived }) => sum + arrived.size, 0);
  }

  /** Stops all connections at the first failure. */
  async #orStop(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.stop(error);
      throw error;
    }
  }

  async #checkStored(): Promise<void> {
    for (const file of this.#files) await this.#check(file);
  }

  /**
   * Runs one connection: downloads part after part until none is left and none can be returned by another connection.
   */
  async #connection(): Promise<void> {
    const { signal } = this.#stopped;
    const { pieceBytes = PIECE_BYTES, stallMilliseconds = STALL } = this.#options;
    while (this.#files.some(({ verified }) => !verified)) {
      signal.throwIfAborted();
      const next = this.#next(pieceBytes);
      if (next === undefined) {
        await new Promise<void>((resolve) => this.#idle.push(resolve));
        continue;
      }
      const [file, claim] = next;
      const onArrived = async () => {
        this.#tell();
        await this.#check(file);
        if (this.#requester.now() - this.#recordedAt >= RECORD_EVERY) await this.#record();
      };
      await fetchPiece(this.#requester, this.#repository, file, claim, {
        signal,
        stallMilliseconds,
        onArrived,
      });
      this.#wake();
    }
    this.#wake();
  }

  #next(most: number): [ArrivingFile, NonNullable<ReturnType<ArrivingFile['claim']>>] | undefined {
    for (const wanted of [true, false]) {
      for (const file of this.#files) {
        const claim = wanted && !file.awaited ? undefined : file.claim(most, wanted);
        if (claim) return [file, claim];
      }
    }
    return undefined;
  }

  /** Hashes the new bytes. Downloads a complete but wrong file once more; fails the second time. */
  async #check(file: ArrivingFile): Promise<void> {
    const wrong = await file.hashArrived();
    if (wrong && this.#refetched.has(file)) throw wrongContent(file.name, this.#repository);
    if (wrong) {
      this.#refetched.add(file);
      this.#options.onNote?.(message('file_fetched_again', { file: file.name }));
    }
    if (wrong || file.verified) this.#wake();
  }

  #wake(): void {
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }

  #tell(last = false): void {
    const now = this.#requester.now();
    if (!last && now - this.#toldAt < TELL_EVERY) return;
    this.#toldAt = now;
    this.#options.onProgress?.(this.#speed.progress(this.#bytes, this.#total));
  }

  /** Flushes the files and then records what has arrived, so that a record never claims more than is stored. */
  async #record(): Promise<void> {
    this.#recordedAt = this.#requester.now();
    this.#recording = this.#recording.catch(() => undefined).then(() => this.#writeRecord());
    await this.#recording;
  }

  async #writeRecord(): Promise<void> {
    const { repo, endpoint, commit } = this.#repository;
    const files = this.#files.map(({ file, path, size, etag, arrived }) => ({
      path: file.path,
      stored: path.split('/').at(-1)!,
      size,
      etag,
      arrived: arrived.list().map(([begin, end]): [number, number] => [begin, end]),
    }));
    for (const file of this.#files) await file.flush();
    await writeDownload(this.#store, this.#id, {
      repo,
      endpoint,
      commit,
      files,
      changedAt: this.#requester.now(),
    });
  }

  async #close(failure?: { readonly error: unknown }): Promise<void> {
    const ends = await Promise.allSettled(this.#files.map((file) => file.close(failure)));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed) throw failed.reason;
  }

  #inWords(error: unknown): unknown {
    if (!isFull(error)) return error;
    const missing = this.#total - this.#bytes;
    const values = { repo: this.#repository.repo, missing, excess: missing };
    return new TunesmithError({ code: 'download_no_room', values, cause: error });
  }
}

function listedFile(repository: Repository, path: string): RepositoryFile {
  const file = repository.files.find((each) => each.path === path);
  if (file) return file;
  throw new TunesmithError({
    code: 'repository_file_missing',
    values: { repo: repository.repo, file: path },
  });
}

/** Named by its content, so that a file that is the same in another commit need not be downloaded again. */
async function storedName({ commit }: Repository, file: RepositoryFile): Promise<string> {
  const path = await sha256Hex(new TextEncoder().encode(file.path));
  return `${file.sha256 ?? file.gitId ?? commit}-${path.slice(0, 8)}`;
}

/** Removes the files of an earlier commit that this one does not share. */
async function removeOthers(store: FileStore, id: string, files: readonly ArrivingFile[]): Promise<void> {
  const kept = new Set([...files.map(({ path }) => path), `${downloadFolder(id)}/state.json`]);
  for (const path of await store.list(downloadFolder(id))) if (!kept.has(path)) await store.remove(path);
}
