import { concatBytes } from '../core/bytes';
import { normalizeEndpoint } from '../core/endpoints';
import { TunesmithError } from '../core/errors';
import { message } from '../core/messages/message';
import { downloadFailed, refusalOf, subjectOf, TemporaryFailure, type Asked } from './failures';
import type { CallOptions, Hub } from './types';

export interface RequestOptions extends CallOptions {
  readonly asked: Asked;
  /** Bytes from the first to before the second. */
  readonly range?: readonly [number, number];
  readonly accept?: string;
}

/** Failures in a row after which a question is given up: somebody looks at the page and waits for its answer. */
const QUESTION_FAILURES = 4;
/** The same for a download, without anything arriving between them: about two minutes of waiting. */
export const DOWNLOAD_FAILURES = 9;
/** Bytes of an answer that is a text: the longest list of files is far from it. */
const LONGEST_TEXT = 64 * 2 ** 20;
/** One of several servers may lag behind the others, hardly three times. */
const MOST_CHANGES = 3;

const ALONE: RequestInit = {
  // What opens a model is the token alone.
  credentials: 'omit',
  referrerPolicy: 'no-referrer',
  // What came wrong must not come again from the browser's cache, and gigabytes have no place in it.
  cache: 'no-store',
};

/** All requests to an endpoint. It alone knows the token. */
export class Requester {
  readonly endpoint: string;
  readonly now: () => number;
  readonly #origin: string;
  readonly #hub: Hub;
  readonly #token: string;
  /** No request before: the server asked for a rest. */
  #rest = 0;

  /** @throws TunesmithError `endpoint_invalid`, `token_invalid` */
  constructor(hub: Hub) {
    this.endpoint = normalizeEndpoint(hub.endpoint);
    this.now = hub.now ?? Date.now;
    this.#origin = new URL(this.endpoint).origin;
    this.#hub = hub;
    this.#token = headerToken(hub.token);
  }

  /** An answer of success to a GET. Throws TemporaryFailure, TunesmithError, or the signal's reason. */
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
    // A redirect to another host takes it off: that is a rule of fetch.
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
   * Does the work until it succeeds, resting after each TemporaryFailure, longer each time; gives up where too many come
   * in a row. The work tells by `progressed` that it got on.
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

  /** The whole answer to a GET, tried again where that helps. */
  async text(address: string, options: RequestOptions): Promise<string> {
    return await this.withRetries(async () => {
      const response = await this.once(address, options);
      return await ended(boundedText(response, this.endpoint), options);
    }, options.signal);
  }

  /** The whole answer to a GET, tried again where it comes short; never more than `most` bytes of it and one. */
  async bytes(address: string, options: RequestOptions, most: number): Promise<Uint8Array<ArrayBuffer>> {
    return await this.withRetries(async () => {
      const response = await this.once(address, options);
      return await ended(readAtMost(response, most), options);
    }, options.signal);
  }

  /** A `fetch` for libraries: it only ever asks the endpoint, tries again, and throws what is meant for people. */
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

  /** Mirrors hand on the Hub's own addresses of the next page: asked for is the chosen endpoint alone. */
  #atEndpoint(address: string): string {
    const url = new URL(address, this.endpoint);
    return this.#origin + url.pathname + url.search;
  }

  async #sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
    await (this.#hub.sleep ?? sleep)(milliseconds, signal);
  }
}

/** Refused here, and not by what makes headers: that would repeat the token in its message. */
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

/** The body of an answer; one that is cut off may come whole the next time. */
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

async function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', stop, { once: true });
  });
}
