import { TunesmithError } from '../core/errors';
import { message, type Message } from '../core/messages/message';
import type { RepositoryKind } from './types';

/** A failure that a retry may overcome. `error` is thrown after too many of them. */
export class TemporaryFailure extends Error {
  readonly error: TunesmithError;
  /** The pause that the server asked for. */
  readonly waitMilliseconds: number | undefined;

  constructor(error: TunesmithError, waitMilliseconds?: number) {
    super(error.message, { cause: error });
    this.name = 'TemporaryFailure';
    this.error = error;
    this.waitMilliseconds = waitMilliseconds;
  }
}

/** @param kept whether the request was part of a download that can continue later */
export function downloadFailed(reason: Message, kept?: boolean, cause?: unknown): TemporaryFailure {
  return new TemporaryFailure(
    new TunesmithError({ code: 'download_failed', values: { reason, kept }, cause }),
  );
}

/** A file has changed since it was listed. */
export function downloadChanged(reason: Message): TemporaryFailure {
  return new TemporaryFailure(new TunesmithError({ code: 'download_changed', values: { reason } }));
}

/** The object of a request, for error messages. */
export interface Asked {
  readonly repo?: string;
  /** 'model' if it is absent. */
  readonly kind?: RepositoryKind | undefined;
  /** As typed by the person. */
  readonly revision?: string;
  readonly file?: string;
  /** Whether it is part of a download that can continue later. */
  readonly kept?: boolean;
}

/** The object of a request as the subject of a sentence. */
export function subjectOf({ file, repo }: Asked): string | Message {
  return file ?? repo ?? message('hub_search');
}

/**
 * The error for a response without success.
 *
 * @param ownHost false if the response comes from a host to which the endpoint redirected the request
 * @param token whether the request had a token
 */
export function refusalOf(
  response: Response,
  asked: Asked,
  endpoint: string,
  ownHost: boolean,
  token: boolean,
  now: number,
): TunesmithError | TemporaryFailure {
  const { status } = response;
  const host = new URL(endpoint).host;
  const { repo, kind = 'model', revision, file, kept } = asked;
  const subject = subjectOf(asked);
  if (status === 429 || status === 408 || status >= 500) {
    const wait = retryAfter(response.headers.get('Retry-After'), now);
    if (wait !== undefined && wait > LONGEST_WAIT) {
      const minutes = Math.ceil(wait / 60_000);
      return new TunesmithError({ code: 'endpoint_limit', values: { host, minutes, kept } });
    }
    const failed = downloadFailed(message('endpoint_fails', { host, status, subject }), kept);
    return new TemporaryFailure(failed.error, wait);
  }
  if (status === 416) return downloadChanged(message('file_shorter', { subject, host }));
  // Signed addresses of large files expire; the next request gets a fresh one.
  if (!ownHost) return downloadFailed(message('file_host_refuses', { subject }), kept);
  const code = response.headers.get('X-Error-Code');
  if (repo !== undefined) {
    if (status === 404 && file !== undefined && (code === 'EntryNotFound' || code === null)) {
      return new TunesmithError({ code: 'repository_file_missing', values: { repo, file } });
    }
    if (code === 'RevisionNotFound') {
      return new TunesmithError({ code: 'revision_not_found', values: { repo, revision, host } });
    }
    if (status === 404 || code === 'RepoNotFound') {
      return new TunesmithError({ code: 'repository_not_found', values: { repo, kind, host } });
    }
  }
  if (status === 401 || status === 403) {
    const page = kind === 'dataset' ? `datasets/${repo}` : (repo ?? '');
    return repo === undefined
      ? new TunesmithError({ code: 'token_refused', values: { host } })
      : new TunesmithError({ code: 'repository_gated', values: { repo, page, endpoint, token } });
  }
  return new TunesmithError({ code: 'endpoint_answer', values: { host, status, subject, kept } });
}

/** Longest pause, in milliseconds, that this program grants a server. */
const LONGEST_WAIT = 5 * 60_000;

/** Milliseconds of a Retry-After header, which gives seconds or a date. */
export function retryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
