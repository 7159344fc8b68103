import { TunesmithError } from '../core/errors';

/** Something that may go better the next time. What is thrown at last, when it never does, is `toError`. */
export class TemporaryFailure extends Error {
  readonly code: 'endpoint_unreachable' | 'download_failed' | 'download_changed';
  /** The server asked for so long a rest. */
  readonly waitMilliseconds: number | undefined;

  constructor(code: TemporaryFailure['code'], message: string, waitMilliseconds?: number, cause?: unknown) {
    super(message, { cause });
    this.name = 'TemporaryFailure';
    this.code = code;
    this.waitMilliseconds = waitMilliseconds;
  }

  toError(): TunesmithError {
    return new TunesmithError({
      code: this.code,
      message: this.message,
      hint: HINTS[this.code],
      cause: this.cause,
    });
  }
}

const HINTS: Record<TemporaryFailure['code'], string> = {
  endpoint_unreachable: 'Check the connection, or choose another endpoint.',
  download_failed: 'Try again in a while.',
  download_changed: 'Begin the download anew: it then takes the files as they are now.',
};

/** What a request was for, in the words of an error. */
export interface Asked {
  readonly repo?: string;
  /** As it was typed. */
  readonly revision?: string;
  readonly file?: string;
}

/**
 * What an answer without success means.
 *
 * @param ownHost false where the answer is of a host that the endpoint handed the request on to
 * @param token whether the request bore one
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
  const answer = `${host} answered with the status ${status}`;
  const subject = asked.file ?? asked.repo ?? 'the request';
  if (status === 429 || status === 408 || status >= 500) {
    const wait = retryAfter(response.headers.get('Retry-After'), now);
    if (wait !== undefined && wait > LONGEST_WAIT) return toldToWait(host, wait);
    return new TemporaryFailure('download_failed', `${answer} for ${subject}, again and again.`, wait);
  }
  if (status === 416) {
    return new TemporaryFailure('download_changed', `${subject} is shorter on ${host} than it was listed.`);
  }
  // Addresses of large files are signed for a while; the next request is given a fresh one.
  if (!ownHost) return new TemporaryFailure('download_failed', `The host that has ${subject} refused it.`);
  const code = response.headers.get('X-Error-Code');
  if (status === 404 && (code === 'EntryNotFound' || (asked.file !== undefined && code === null))) {
    return new TunesmithError({
      code: 'repository_file_missing',
      message: `${asked.repo ?? 'The repository'} has no file ${asked.file ?? ''}.`,
      hint: 'Look on the page of the model for what it consists of.',
    });
  }
  if (code === 'RevisionNotFound') {
    return new TunesmithError({
      code: 'repository_not_found',
      message: `${asked.repo ?? 'The repository'} has no revision ${asked.revision ?? 'of this name'} on ${host}.`,
      hint: 'Give a branch, a tag or a whole commit of this repository, or leave it out to take the main branch.',
    });
  }
  if (status === 404 || code === 'RepoNotFound') {
    return new TunesmithError({
      code: 'repository_not_found',
      message: `There is no model ${asked.repo ?? ''} on ${host}, or it is private.`,
      hint: 'Check the name, as in "Qwen/Qwen2.5-0.5B-Instruct". A private model needs a token.',
    });
  }
  if (status === 401 || status === 403) {
    return asked.repo === undefined ? tokenRefused(host) : gated(asked.repo, endpoint, token);
  }
  return new TunesmithError({
    code: 'download_failed',
    message: `${answer} for ${subject}.`,
    hint: 'Check the endpoint in the settings.',
  });
}

/** A server that wants a longer rest than this is not waited for. */
const LONGEST_WAIT = 5 * 60_000;

function toldToWait(host: string, milliseconds: number): TunesmithError {
  return new TunesmithError({
    code: 'download_failed',
    message: `${host} lets nothing more be fetched for ${Math.ceil(milliseconds / 60_000)} minutes.`,
    hint: 'Try again then. With a token, more may be fetched.',
  });
}

function gated(repo: string, endpoint: string, token: boolean): TunesmithError {
  return new TunesmithError({
    code: 'repository_gated',
    message: token
      ? `The token does not open ${repo}.`
      : `${repo} is only given to those whom its owner has let in.`,
    hint: `Sign in at ${endpoint}/${repo}, accept its conditions there, and give a token of that account that may read.`,
  });
}

function tokenRefused(host: string): TunesmithError {
  return new TunesmithError({
    code: 'token_refused',
    message: `${host} refuses to answer whoever bears this token, or none.`,
    hint: 'Check the token in the settings, or remove it: models that are open to all need none.',
  });
}

/** Milliseconds that a Retry-After asks for: seconds, or a date. */
export function retryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
