import * as v from 'valibot';
import { sha256Hex } from '../core/bytes';
import { readJson, writeJson, type FileStore } from './file_store';

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const schema = v.object({
  repo: v.string(),
  endpoint: v.string(),
  commit: v.string(),
  files: v.array(
    v.object({
      path: v.string(),
      /** The file's name within the download's folder. */
      stored: v.string(),
      size: count,
      etag: v.optional(v.string()),
      /** Ranges of bytes that have arrived: from the first to before the second. */
      arrived: v.array(v.tuple([count, count])),
    }),
  ),
  /** Milliseconds since 1970. */
  changedAt: v.number(),
});

/** The state of a running or interrupted download. */
export type DownloadState = v.InferOutput<typeof schema>;

export interface StoredDownload extends DownloadState {
  readonly id: string;
  /** Bytes that have arrived. */
  readonly bytes: number;
  /** Bytes of all its files. */
  readonly total: number;
}

const ROOT = 'downloads';

/**
 * The id of the download of a repository, or of one file of it. It stays the same, so an interrupted download is found
 * again.
 */
export async function downloadId(repo: string, file = ''): Promise<string> {
  return (await sha256Hex(new TextEncoder().encode(`${repo}\n${file}`))).slice(0, 32);
}

export function downloadFolder(id: string): string {
  return `${ROOT}/${id}`;
}

export async function readDownload(store: FileStore, id: string): Promise<DownloadState | undefined> {
  const state = v.safeParse(schema, await readJson(store, statePath(id)));
  return state.success ? state.output : undefined;
}

export async function writeDownload(store: FileStore, id: string, state: DownloadState): Promise<void> {
  await writeJson(store, statePath(id), state);
}

/** All downloads that were started and not removed. */
export async function listDownloads(store: FileStore): Promise<readonly StoredDownload[]> {
  const ids = new Set((await store.list(ROOT)).map((path) => path.split('/')[1]!));
  const found = await Promise.all(
    [...ids].map(async (id): Promise<StoredDownload[]> => {
      const state = await readDownload(store, id);
      if (state === undefined) return [];
      const arrived = state.files.flatMap((file) => file.arrived);
      const bytes = arrived.reduce((sum, [begin, end]) => sum + end - begin, 0);
      return [{ id, ...state, bytes, total: state.files.reduce((sum, file) => sum + file.size, 0) }];
    }),
  );
  return found.flat();
}

export async function removeDownload(store: FileStore, id: string): Promise<void> {
  await store.remove(downloadFolder(id));
}

function statePath(id: string): string {
  return `${downloadFolder(id)}/state.json`;
}
