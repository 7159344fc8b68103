import { TunesmithError } from '../../../core/errors';
import { isRecord } from '../../../core/json';
import { retryAfter, TemporaryFailure } from '../../../hub/failures';

/** Most characters of a server's own words. */
const LONGEST_REASON = 300;
/** Longest pause that a server is granted, in milliseconds. */
const LONGEST_WAIT = 5 * 60_000;

/** A response without success. */
export interface Refusal {
  readonly host: string;
  readonly status: number;
  readonly body: string;
  readonly retryAfter: string | null;
  readonly model: string;
  /** It never stands in a message. */
  readonly key: string;
  readonly now: number;
}

/** The server's own words in a refusal, without the key. */
export function reasonIn(body: string, key: string): string {
  const words = wordsIn(body).replaceAll(/\s+/g, ' ').trim();
  const hidden = key === '' ? words : words.replaceAll(key, '•••');
  return hidden.length > LONGEST_REASON ? `${hidden.slice(0, LONGEST_REASON)}…` : hidden;
}

const UNSUPPORTED =
  /unsupported|not supported|not support|unknown|unrecogni[sz]ed|unexpected|not permitted|not allowed|deprecated|instead/i;

/** The part of a request that a server does not take at all; undefined if it refuses, for instance, a value of it. */
export function refusedPart<Part extends string>(body: string, parts: readonly Part[]): Part | undefined {
  const words = wordsIn(body);
  return UNSUPPORTED.test(words) ? parts.find((part) => words.includes(part)) : undefined;
}

function wordsIn(body: string): string {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    // A page for people says nothing here.
    return /^\s*</.test(body) ? '' : body;
  }
  const error = isRecord(value) ? (value.error ?? value) : value;
  if (typeof error === 'string') return error;
  const words = isRecord(error) ? (error.message ?? error.detail) : undefined;
  return typeof words === 'string' ? words : body;
}

/** The error for a response without success. */
export function refusalOf(refusal: Refusal): TunesmithError | TemporaryFailure {
  const { host, status, body, key, model, now } = refusal;
  const reason = reasonIn(body, key);
  if (status === 429 || status === 408 || status >= 500) {
    const wait = retryAfter(refusal.retryAfter, now);
    const error = new TunesmithError({ code: 'writer_overloaded', values: { host, status, reason } });
    return wait !== undefined && wait > LONGEST_WAIT ? error : new TemporaryFailure(error, wait);
  }
  if (status === 401 || status === 403) {
    return new TunesmithError({ code: 'writer_key_refused', values: { host, given: key !== '', reason } });
  }
  if (status === 404) {
    return new TunesmithError({ code: 'writer_not_found', values: { host, model, reason } });
  }
  return new TunesmithError({ code: 'writer_refused', values: { host, status, reason } });
}
