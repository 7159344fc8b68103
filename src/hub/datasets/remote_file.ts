import { TunesmithError } from '../../core/errors';
import type { FileReader } from '../../core/file_reader';
import { message } from '../../core/messages/message';
import { downloadChanged, downloadFailed, TemporaryFailure } from '../failures';
import { fileAddress } from '../repository';
import type { Requester } from '../requester';
import type { CallOptions, Repository, RepositoryFile } from '../types';

export interface RemoteOptions extends CallOptions {
  /** Called with the number of bytes that have arrived. */
  readonly onBytes?: (bytes: number) => void;
}

/** Bytes of parts that are kept: some formats read a part several times. */
const KEPT = 256 * 2 ** 20;

/** A file of a hub whose parts are downloaded as they are read, each of them once as long as it is kept. */
export function partsOfFile(
  requester: Requester,
  repository: Repository,
  file: RepositoryFile,
  options: RemoteOptions = {},
): FileReader {
  const parts = new Map<
    string,
    { readonly bytes: Promise<Uint8Array<ArrayBuffer>>; readonly size: number }
  >();
  let kept = 0;
  const forget = (key: string): void => {
    kept -= parts.get(key)?.size ?? 0;
    parts.delete(key);
  };
  return {
    name: nameOf(file),
    size: file.size,
    read: async (begin, end) => {
      const key = `${begin}-${end}`;
      const known = parts.get(key);
      if (known) return await known.bytes;
      const size = end - begin;
      const bytes = fetchRange(requester, repository, file, [begin, end], options);
      parts.set(key, { bytes, size });
      kept += size;
      for (const oldest of parts.keys()) if (kept > KEPT && oldest !== key) forget(oldest);
      try {
        return await bytes;
      } catch (error) {
        forget(key);
        throw error;
      }
    },
  };
}

/** Bytes that are asked for at first, and at most, beyond those that are read. */
const FIRST_AHEAD = 2 ** 17;
const MOST_AHEAD = 4 * 2 ** 20;

/** A file of a hub that is read from its beginning to its end, or to some place before it. Reads ahead, ever farther. */
export function streamedFile(
  requester: Requester,
  repository: Repository,
  file: RepositoryFile,
  options: RemoteOptions = {},
): FileReader {
  /** The newest part, and where it begins. */
  let part: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  let at = 0;
  let ahead = FIRST_AHEAD;
  const read = async (begin: number, end: number): Promise<Uint8Array<ArrayBuffer>> => {
    const stop = Math.min(end, file.size);
    const partEnd = at + part.length;
    if (begin < at || stop > partEnd) {
      const from = begin >= at && begin <= partEnd ? partEnd : begin;
      const more = await fetchRange(
        requester,
        repository,
        file,
        [from, Math.min(file.size, Math.max(stop, from + ahead))],
        options,
      );
      const left = from === partEnd ? part.subarray(begin - at) : new Uint8Array(0);
      const joined = new Uint8Array(left.length + more.length);
      joined.set(left);
      joined.set(more, left.length);
      part = joined;
      at = begin;
      ahead = Math.min(MOST_AHEAD, 2 * ahead);
    }
    return part.slice(begin - at, stop - at);
  };
  let last: Promise<unknown> = Promise.resolve();
  return {
    name: nameOf(file),
    size: file.size,
    read: (begin, end) => {
      const reading = last.then(() => read(begin, end));
      last = reading.catch(() => undefined);
      return reading;
    },
  };
}

function nameOf({ path }: RepositoryFile): string {
  return path.split('/').at(-1) ?? path;
}

/** A connection that brings nothing for this many milliseconds is given up. */
const STALL = 30_000;

/** One part of a file. Throws `endpoint_no_ranges`, and as `Requester.withRetries`. */
async function fetchRange(
  requester: Requester,
  repository: Repository,
  file: RepositoryFile,
  range: readonly [number, number],
  { signal, onBytes }: RemoteOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const [begin, end] = range;
  if (end <= begin) return new Uint8Array(0);
  const { repo, kind } = repository;
  const asked = { repo, kind, file: file.path };
  return await requester.withRetries(async () => {
    const stall = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const alive = (bytes: number): void => {
      clearTimeout(timer);
      timer = setTimeout(() => stall.abort(), STALL);
      if (bytes > 0) onBytes?.(bytes);
    };
    try {
      alive(0);
      const both = signal ? AbortSignal.any([signal, stall.signal]) : stall.signal;
      const response = await requester.once(fileAddress(repository, file), { signal: both, asked, range });
      const refusal = refusalOf(response, requester, repository, file, range);
      if (refusal) {
        await response.body?.cancel().catch(() => undefined);
        throw refusal;
      }
      return await bodyOf(response, end - begin, alive);
    } catch (error) {
      signal?.throwIfAborted();
      if (stall.signal.aborted) throw downloadFailed(message('file_stalled', { file: nameOf(file) }));
      if (error instanceof TunesmithError || error instanceof TemporaryFailure) throw error;
      throw downloadFailed(message('file_cut_off', { file: nameOf(file) }), false, error);
    } finally {
      clearTimeout(timer);
    }
  }, signal);
}

/** Why a response does not bring the range; undefined if it does. */
function refusalOf(
  { status, headers }: Response,
  { endpoint }: Requester,
  { commit }: Repository,
  file: RepositoryFile,
  [begin, end]: readonly [number, number],
): Error | undefined {
  const name = nameOf(file);
  const [, from, size] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('Content-Range') ?? '') ?? [];
  if (file.revision === undefined && (headers.get('X-Repo-Commit') ?? commit) !== commit)
    return downloadChanged(message('file_of_other_commit', { file: name }));
  if (size !== undefined && size !== '*' && Number(size) !== file.size) {
    const values = { file: name, bytes: Number(size), listed: file.size };
    return downloadChanged(message('file_size_differs', values));
  }
  if (status !== 206 && (begin > 0 || end < file.size)) {
    const { host } = new URL(endpoint);
    return new TunesmithError({ code: 'endpoint_no_ranges', values: { host, file: name } });
  }
  if (status === 206 && from !== undefined && Number(from) !== begin)
    return downloadFailed(message('file_other_part', { file: name }));
  return undefined;
}

/** The body of a response. Throws unless it has as many bytes as it should; ignores what goes beyond. */
async function bodyOf(
  response: Response,
  size: number,
  onBytes: (bytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(size);
  let length = 0;
  const reader = response.body?.getReader();
  while (reader && length < size) {
    const { done, value } = await reader.read();
    if (done) break;
    const part = value.subarray(0, size - length);
    bytes.set(part, length);
    length += part.length;
    onBytes(value.length);
  }
  await reader?.cancel().catch(() => undefined);
  if (length < size) throw new Error(`${length} of ${size} bytes have arrived`);
  return bytes;
}
