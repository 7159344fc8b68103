import { TunesmithError } from '../core/errors';
import { message } from '../core/messages/message';
import type { ArrivingFile, Claim } from './arriving_file';
import { downloadChanged, downloadFailed, type TemporaryFailure } from './failures';
import { fileAddress } from './repository';
import { DOWNLOAD_FAILURES, type Requester } from './requester';
import type { Repository } from './types';

export interface PieceOptions {
  readonly signal: AbortSignal;
  readonly stallMilliseconds: number;
  /** Called after bytes were written. */
  readonly onArrived: () => Promise<void>;
}

/** Downloads a claim; continues after an interruption. Throws as `Requester.withRetries`. */
export async function fetchPiece(
  requester: Requester,
  repository: Repository,
  file: ArrivingFile,
  claim: Claim,
  options: PieceOptions,
): Promise<void> {
  try {
    await requester.withRetries(
      async (progressed) => {
        const before = claim.at;
        try {
          while (claim.at < claim.end && file.claims.has(claim)) {
            await fetchOnce(requester, repository, file, claim, options);
          }
        } catch (error) {
          // The next request may reach another server.
          file.rangeless = false;
          // Only a substantial part counts as progress, so that a server that sends a few bytes and fails is given up
          // too.
          if (claim.at - before >= Math.min(2 ** 16, file.size / 8)) progressed();
          throw error;
        }
      },
      options.signal,
      DOWNLOAD_FAILURES,
    );
  } finally {
    file.claims.delete(claim);
  }
}

/** Makes one request and writes the bytes that it brings. */
async function fetchOnce(
  requester: Requester,
  repository: Repository,
  file: ArrivingFile,
  claim: Claim,
  { signal, stallMilliseconds, onArrived }: PieceOptions,
): Promise<void> {
  const stall = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => stall.abort(), stallMilliseconds);
  };
  try {
    alive();
    const response = await requester.once(fileAddress(repository, file.file), {
      signal: AbortSignal.any([signal, stall.signal]),
      asked: { repo: repository.repo, file: file.file.path, kept: true },
      range: file.rangeless ? undefined : [claim.at, claim.end],
    });
    const begin = await checkedBegin(response, repository, file, claim);
    if (begin !== undefined) await readBody(response, begin, file, claim, alive, onArrived);
  } catch (error) {
    signal.throwIfAborted();
    if (stall.signal.aborted) {
      throw downloadFailed(message('file_stalled', { file: file.name }), true);
    }
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** The file offset of the response's body; undefined if the response is unusable and the request must be repeated. */
async function checkedBegin(
  response: Response,
  repository: Repository,
  file: ArrivingFile,
  claim: Claim,
): Promise<number | undefined> {
  const { status, headers } = response;
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers.get('Content-Range') ?? '');
  const encoded = headers.has('Content-Encoding');
  const length = status === 200 && !encoded ? headers.get('Content-Length') : (range?.[3] ?? null);
  const commit = headers.get('X-Repo-Commit');
  let failure: TemporaryFailure | undefined;
  if (length !== null && length !== '*' && Number(length) !== file.size) {
    failure = downloadChanged(
      message('file_size_differs', { file: file.name, bytes: Number(length), listed: file.size }),
    );
  } else if (commit !== null && file.file.revision === undefined && commit !== repository.commit) {
    failure = downloadChanged(message('file_of_other_commit', { file: file.name }));
  } else if (status === 206 && range && Number(range[1]) !== claim.at) {
    failure = downloadFailed(message('file_other_part', { file: file.name }), true);
  }
  const etag = headers.get('ETag') ?? undefined;
  const unknown = file.file.sha256 === undefined && file.file.gitId === undefined;
  if (!failure && unknown && etag !== undefined) {
    // Without a hash in the listing, only the ETag distinguishes two states of a file.
    if (file.etag !== undefined && file.etag !== etag) {
      await response.body?.cancel().catch(() => undefined);
      await file.reset();
      throw downloadChanged(message('file_changed', { file: file.name })).error;
    }
    file.etag = etag;
  }
  if (!failure && (status === 206 || file.rangeless || (claim.at === 0 && claim.end === file.size))) {
    return status === 206 ? claim.at : 0;
  }
  if (!failure) {
    // The server sent the whole file instead of a part. One connection downloads it; the others leave it alone.
    file.rangeless = true;
    if (file.claims.size === 1) {
      claim.end = file.size;
      return 0;
    }
    file.claims.delete(claim);
  }
  await response.body?.cancel().catch(() => undefined);
  if (failure) throw failure;
  return undefined;
}

/** Writes the bytes of the claim; skips bytes before it, which are stored already or were not requested. */
async function readBody(
  response: Response,
  begin: number,
  file: ArrivingFile,
  claim: Claim,
  alive: () => void,
  onArrived: () => Promise<void>,
): Promise<void> {
  const reader = response.body?.getReader();
  let at = begin;
  while (reader && claim.at < claim.end) {
    const { done, value } = await readNext(reader, file);
    if (done) break;
    alive();
    const from = Math.max(0, claim.at - at);
    const bytes = value.subarray(from, Math.max(from, claim.end - at));
    at += value.length;
    if (bytes.length === 0) continue;
    await file.write(claim, bytes);
    await onArrived();
  }
  // Ignores bytes beyond the requested range.
  await reader?.cancel().catch(() => undefined);
  if (claim.at < claim.end) {
    throw downloadFailed(message('file_cut_off', { file: file.name }), true);
  }
}

async function readNext(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  file: ArrivingFile,
): Promise<ReadableStreamReadResult<Uint8Array>> {
  try {
    return await reader.read();
  } catch (cause) {
    if (cause instanceof TunesmithError) throw cause;
    throw downloadFailed(message('file_cut_off', { file: file.name }), true, cause);
  }
}
