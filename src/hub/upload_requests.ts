import { isRecord } from '../core/json';
import { TunesmithError } from '../core/errors';
import { refusalOf, TemporaryFailure } from './failures';
import type { OnSent } from './put_with_progress';
import { DOWNLOAD_FAILURES, type Requester } from './requester';

/** The library's hint, beside the fields of `RequestInit`, that it follows the progress of a request. */
interface Followed {
  readonly progressHint?: {
    readonly progressCallback: OnSent;
    readonly part?: number;
    readonly numParts?: number;
  };
}

const CREATE = /\/api\/repos\/create$/;
const COMMIT = /\/commit\/[^/]+$/;

/**
 * A `fetch` for the library's uploads. The token goes only to the endpoint. Temporary failures are retried, except for
 * requests that must not be repeated. A refusal throws an error for people.
 */
export function uploadFetch(
  requester: Requester,
  { repo, signal }: { readonly repo: string; readonly signal: AbortSignal | undefined },
): typeof fetch {
  const parts = new WeakMap<OnSent, number[]>();
  return async (input, init: RequestInit & Followed = {}) => {
    const address = input instanceof Request ? input.url : String(input);
    const { pathname } = new URL(address);
    // The library passes the signal to some of its requests only.
    const signals = [signal, init.signal].filter((each) => each !== undefined && each !== null);
    const request = { ...init, signal: AbortSignal.any(signals) };
    const send = async (): Promise<Response> => {
      const response = await requester.send(address, request, sentOf(init, parts));
      // The hosts of large files answer so to the question whether they have something already.
      if (response.ok || (response.status === 404 && !isOwn(address))) return response;
      throw await refusal(response, address);
    };
    // These must not be repeated: the second request would find the result of the first.
    const isOnce = CREATE.test(pathname) || COMMIT.test(pathname);
    if (!isOnce) return await requester.withRetries(send, request.signal, DOWNLOAD_FAILURES);
    try {
      return await send();
    } catch (error) {
      throw error instanceof TemporaryFailure ? error.error : error;
    }
  };
  function isOwn(address: string): boolean {
    return new URL(address).origin === new URL(requester.endpoint).origin;
  }

  async function refusal(response: Response, address: string): Promise<TunesmithError | TemporaryFailure> {
    const { status } = response;
    const host = new URL(requester.endpoint).host;
    const reason = await reasonOf(response);
    if (status === 409 && CREATE.test(new URL(address).pathname)) {
      return new TunesmithError({ code: 'repository_exists', values: { repo, host } });
    }
    if (isOwn(address)) {
      if (status === 401) return new TunesmithError({ code: 'token_refused', values: { host } });
      if (status === 403) {
        return new TunesmithError({ code: 'upload_refused', values: { repo, host }, detail: reason });
      }
    }
    // An address of the host of large files may have become too old; only another attempt gets a fresh one.
    if (status < 500 && ![404, 408, 429].includes(status)) {
      return new TunesmithError({ code: 'upload_failed', values: { repo, host, reason } });
    }
    return refusalOf(response, { repo }, requester.endpoint, true, true, requester.now());
  }
}

/** The function to call with the sent share of a request's body; undefined if nobody follows it. */
function sentOf({ progressHint: hint }: Followed, parts: WeakMap<OnSent, number[]>): OnSent | undefined {
  if (!hint) return undefined;
  const { progressCallback, part, numParts } = hint;
  if (part === undefined || numParts === undefined) return progressCallback;
  // The library gives the parts of one file the same callback.
  const shares = parts.get(progressCallback) ?? new Array<number>(numParts).fill(0);
  parts.set(progressCallback, shares);
  return (share) => {
    shares[part] = share;
    progressCallback(shares.reduce((sum, each) => sum + each, 0) / numParts);
  };
}

/** The server's own words on a refusal. */
async function reasonOf(response: Response): Promise<string | undefined> {
  const text = (
    await response
      .clone()
      .text()
      .catch(() => '')
  ).slice(0, 2000);
  try {
    const body: unknown = JSON.parse(text);
    const said = isRecord(body) ? (body.error ?? body.message) : undefined;
    return typeof said === 'string' ? said : undefined;
  } catch {
    return undefined;
  }
}
