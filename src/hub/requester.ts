import { concatBytes } from '../core/bytes';
import { normalizeEndpoint } from '../core/endpoints';
import { TunesmithError } from '../core/errors';
import { message } from '../core/messages/message';
import { pause } from '../core/pause';
import { downloadFailed, refusalOf, subjectOf, TemporaryFailure, type Asked } from './failures';
import { reportsProgress, sendWithProgress, type OnSent } from './put_with_progress';
import type { CallOptions, Hub } from './types';

export interface RequestOptions extends CallOptions {
  readonly asked: Asked;
  /** Byte range: from the first to before the second. */
  readonly range?: readonly [number, number];
  readonly accept?: string;
}

/** Number of failures in a row after which a query is given up, because a person waits for its answer. */
const QUESTION_FAILURES = 4;
/** The same for a download, without any progress in between: about two minutes of waiting. */
export const DOWNLOAD_FAILURES = 9;
/** Most bytes of a text response; the longest list of files is far shorter. */
const LONGEST_TEXT = 64 * 2 ** 20;
/**
 * Most changes of a file during a download: one of several servers may lag behind the others, but hardly three times.
 */
const MOST_CHANGES = 3;

const ALONE: RequestInit = {
  // Only the token gives access, never cookies.
  credentials: 'omit',
  referrerPolicy: 'no-referrer',
  // The browser's cache must not return damaged data again, and has no room for gigabytes.
  cache: 'no-store',
};

/** Makes all requests to an endpoint. No other class has the token. */
export class Requester {
  readonly endpoint: string;
  readonly now: () => number;
  readonly #origin: string;
  readonly #hub: Hub;
  readonly #token: string;
  /** Earliest time of the next request, from Retry-After. */
  #rest = 0;

  /** @throws TunesmithError `endpoint_invalid`, `token_invalid` */
  constructor(hub: Hub) {
    this.endpoint = normalizeEndpoint(hub.endpoint);
    this.now = hub.now ?? Date.now;
    this.#origin = new URL(this.endpoint).origin;
    this.#hub = hub;
    this.#token = headerToken(hub.token);
  }

  /**
   * Makes one GET request and returns the successful response. Throws TemporaryFailure, TunesmithError, or the signal's
   * reason.
   */
  async once(address: string, options: RequestOptions): Promise<Response> {
    const { signal, asked, range, accept } = options;
    const rest = this.#rest - this.now();
    if (rest > 0) await this.#sleep(rest, signal);
    signal?.throwIfAborted();
    const url = this.#atEndpoint(address);
    const token = this.#token;
    const headers = new Headers();
    if (accept !== undefined) headers.set('Accept', accept);
    if (range) headers.set('Range', `bytes=${range[0]}-${range[1] - 1}`);
    // By the rules of fetch, a redirect to another host removes this header.
    if (token !== '') headers.set('Authorization', `Bearer ${token}`);
    const fetched = this.#hub.fetch ?? fetch;
    let response: Response;
    try {
      response = await fetched(url, { headers, signal, ...ALONE });
    } catch (cause) {
      signal?.throwIfAborted();
      const host = new URL(this.endpoint).host;
      const values = { host, kept: asked.kept };
      throw new TemporaryFailure(new TunesmithError({ code: 'endpoint_unreachable', values, cause }));
    }
    if (response.ok) return response;
    await response.body?.cancel().catch(() => undefined);
    const ownHost = response.url === '' || new URL(response.url).origin === this.#origin;
    const refusal = refusalOf(response, asked, this.endpoint, ownHost, token !== '', this.now());
    if (refusal instanceof TemporaryFailure && refusal.waitMilliseconds !== undefined) {
      this.#rest = Math.max(this.#rest, this.now() + refusal.waitMilliseconds);
    }
    throw refusal;
  }

  /**
   * Makes one request of an upload and returns any response. Only the endpoint gets the token. Throws TemporaryFailure if
   * no response comes, or the signal's reason.
   */
  async send(address: string, init: RequestInit, onSent?: OnSent): Promise<Response> {
    const { body, signal } = init;
    const headers = new Headers(init.headers);
    const { origin, host } = new URL(address);
    if (origin === this.#origin) headers.set('Authorization', `Bearer ${this.#token}`);
    try {
      if (onSent && !this.#hub.fetch && reportsProgress(body)) {
        return await sendWithProgress(address, { ...init, headers }, body, onSent);
      }
      return await (this.#hub.fetch ?? fetch)(address, { ...init, headers, ...ALONE });
    } catch (cause) {
      signal?.throwIfAborted();
      throw new TemporaryFailure(
        new TunesmithError({ code: 'endpoint_unreachable', values: { host }, cause }),
      );
    }
  }

  /**
   * Repeats the work until it succeeds, with a growing pause after each TemporaryFailure; gives up after too many in a
   * row. The work calls `progressed` to reset the count.
   */
  async withRetries<T>(
    work: (progressed: () => void) => Promise<T>,
    signal: AbortSignal | undefined,
    mostFailures = QUESTION_FAILURES,
  ): Promise<T> {
    let failures = 0;
    for (;;) {
      try {
        return await work(() => (failures = 0));
      } catch (error) {
        if (!(error instanceof TemporaryFailure)) throw error;
        failures++;
        const most = error.error.code === 'download_changed' ? MOST_CHANGES : mostFailures;
        if (failures >= most) throw error.error;
        const random = this.#hub.random ?? Math.random;
        const wait = Math.min(30_000, 1000 * 2 ** (failures - 1)) * (0.5 + random() / 2);
        await this.#sleep(Math.max(wait, error.waitMilliseconds ?? 0), signal);
      }
    }
  }

  /** The whole response to a GET, with retries. */
  async text(address: string, options: RequestOptions): Promise<string> {
    return await this.withRetries(async () => {
      const response = await this.once(address, options);
      return await ended(boundedText(response, this.endpoint), options);
    }, options.signal);
  }

  /** The whole response to a GET, with retries if it is incomplete; at most `most` + 1 bytes of it. */
  async bytes(address: string, options: RequestOptions, most: number): Promise<Uint8Array<ArrayBuffer>> {
    return await this.withRetries(async () => {
      const response = await this.once(address, options);
      return await ended(readAtMost(response, most), options);
    }, options.signal);
  }

  /** A `fetch` for libraries: it only asks the endpoint, retries, and throws errors for people. */
  fetchFor(options: RequestOptions): typeof fetch {
    return async (input) => {
      const address = input instanceof Request ? input.url : String(input);
      const text = await this.withRetries(async () => {
        const response = await this.once(address, { accept: 'application/json', ...options });
        return {
          headers: response.headers,
          body: await ended(boundedText(response, this.endpoint), options),
        };
      }, options.signal);
      return new Response(text.body, { headers: text.headers });
    };
  }

  /** Moves an address to the chosen endpoint: mirrors pass on the Hub's own addresses of the next page. */
  #atEndpoint(address: string): string {
    const url = new URL(address, this.endpoint);
    return this.#origin + url.pathname + url.search;
  }

  async #sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
    await (this.#hub.sleep ?? pause)(milliseconds, signal);
  }
}

/** Checks the token here, because `Headers` would repeat it in its error message. */
function headerToken(token = ''): string {
  const trimmed = token.trim();
  if (/^[!-~]*$/.test(trimmed)) return trimmed;
  throw new TunesmithError({ code: 'token_invalid' });
}

async function readAtMost(response: Response, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  while (reader && length <= most) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(value);
    length += value.length;
  }
  await reader?.cancel();
  return concatBytes(parts).slice(0, most + 1);
}

async function boundedText(response: Response, endpoint: string): Promise<string> {
  const bytes = await readAtMost(response, LONGEST_TEXT);
  if (bytes.length <= LONGEST_TEXT) return new TextDecoder().decode(bytes);
  throw new TunesmithError({ code: 'endpoint_answer_endless', values: { host: new URL(endpoint).host } });
}

/** The body of a response. A body that is cut off is a TemporaryFailure. */
async function ended<T>(body: Promise<T>, { signal, asked }: RequestOptions): Promise<T> {
  try {
    return await body;
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof TunesmithError) throw cause;
    const reason = message('answer_cut_off', { subject: subjectOf(asked) });
    throw downloadFailed(reason, asked.kept, cause);
  }
}
