import { commitIter, createRepo, type CommitProgressEvent } from '@huggingface/hub';
import { errorCode, TunesmithError } from '../core/errors';
import type { CallOptions, Hub } from './types';
import { uploadFetch } from './upload_requests';
import { checkExisting, requesterFor, type UploadTarget } from './upload_target';

export interface UploadFile {
  /** Its path in the repository. */
  readonly path: string;
  /** On the disk; it is read in pieces. */
  readonly content: Blob;
}

export interface UploadRequest extends UploadTarget {
  readonly files: readonly UploadFile[];
  /** First line of the commit's message. */
  readonly title: string;
}

export interface UploadProgress {
  readonly doing: 'hashing' | 'uploading' | 'committing';
  /** The file that the progress was last made with. */
  readonly path: string | undefined;
  /** Bytes hashed or uploaded, and those of all files. */
  readonly bytes: number;
  readonly totalBytes: number;
}

export interface Uploaded {
  /** Address of the repository's page. */
  readonly address: string;
  /** Id of the new commit. */
  readonly commit: string;
}

/**
 * Creates a repository for a model, or updates one, in one commit: until all files are there, the repository does not
 * change. Files that an earlier attempt has uploaded are not sent again.
 *
 * @throws TunesmithError `repository_name`, `repository_exists`, `repository_public`, `upload_not_offered`, `upload_no_token`,
 *   `upload_refused`, `upload_failed`, `token_refused`, `token_invalid`, `endpoint_…`; the signal's reason
 */
export async function uploadModel(
  hub: Hub,
  { repo, isPrivate, update, files, title }: UploadRequest,
  { onProgress, signal }: CallOptions & { readonly onProgress?: (progress: UploadProgress) => void } = {},
): Promise<Uploaded> {
  const requester = requesterFor(hub, repo);
  const hubUrl = requester.endpoint;
  const host = new URL(hubUrl).host;
  signal?.throwIfAborted();
  const upload = { repo, signal };
  try {
    await createRepo({
      ...{
        repo,
        visibility: isPrivate ? 'private' : 'public',
        hubUrl,
        fetch: uploadFetch(requester, upload),
      },
      // The requester adds the token.
      accessToken: '',
    });
  } catch (error) {
    if (errorCode(error) !== 'repository_exists') throw error;
    await checkExisting(hub, requester, { repo, isPrivate, update }, { signal });
  }
  const follow = followed(files, onProgress);
  const operations = files.map(({ path, content }) => ({ operation: 'addOrUpdate' as const, path, content }));
  const fetch = uploadFetch(requester, upload);
  const events = commitIter({ repo, operations, title, hubUrl, fetch, abortSignal: signal });
  const stopped = aborted(signal);
  for (;;) {
    const { done, value } = await Promise.race([events.next(), stopped]).catch((error: unknown): never => {
      void ended(events);
      signal?.throwIfAborted();
      throw error instanceof TunesmithError
        ? error
        : new TunesmithError({ code: 'upload_failed', values: { repo, host }, cause: error });
    });
    if (!done) follow(value);
    else if (value) return { address: `${hubUrl}/${repo}`, commit: value.commit.oid };
    else throw new TunesmithError({ code: 'upload_failed', values: { repo, host } });
  }
}

/** Waits for the end of stopped work, so that its own errors have a reader. */
async function ended(events: AsyncGenerator<unknown, unknown>): Promise<void> {
  try {
    while (!(await events.next()).done);
  } catch {
    // The upload has failed for another reason, which was thrown.
  }
}

/** Rejects with the signal's reason; never resolves. */
function aborted(signal: AbortSignal | undefined): Promise<never> {
  const stopped = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  // Nobody waits for it after the upload.
  stopped.catch(() => undefined);
  return stopped;
}

/** Adds up the progress of the single files. */
function followed(
  files: readonly UploadFile[],
  onProgress: ((progress: UploadProgress) => void) | undefined,
): (event: CommitProgressEvent) => void {
  const sizes = new Map(files.map(({ path, content }) => [path, content.size]));
  const totalBytes = files.reduce((sum, { content }) => sum + content.size, 0);
  const bytes = { hashing: new Map<string, number>(), uploading: new Map<string, number>() };
  return (event) => {
    if (event.event === 'phase') {
      if (event.phase === 'committing') {
        onProgress?.({ doing: 'committing', path: undefined, bytes: totalBytes, totalBytes });
      }
      return;
    }
    const { path, progress, state } = event;
    if (state === 'error') return;
    const done = bytes[state].set(path, progress * (sizes.get(path) ?? 0));
    const sum = Array.from(done.values()).reduce((total, each) => total + each, 0);
    onProgress?.({ doing: state, path, bytes: sum, totalBytes });
  };
}
