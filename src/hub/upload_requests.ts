import { isRecord } from '../core/json';
import { TunesmithError } from '../core/errors';
import { message } from '../core/messages/message';
import { downloadFailed, refusalOf, TemporaryFailure } from './failures';
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

/** Requests that must not be repeated: the second one would find the result of the first. */
const ONCE = /\/(?:api\/repos\/create|commit\/[^/]+)$/;

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
    const send = async (): Promise<Response> => {
      const response = await requester.send(address, init, sentOf(init, parts));
      if (response.ok) return response;
      throw await refusal(response, address);
    };
    if (!ONCE.test(pathname)) return await requester.withRetries(send, signal, DOWNLOAD_FAILURES);
    try {
      return await send();
    } catch (error) {
      throw error instanceof TemporaryFailure ? error.error : error;
    }
  };

  async function refusal(response: Response, address: string): Promise<TunesmithError | TemporaryFailure> {
    const { status } = response;
    const host = new URL(requester.endpoint).host;
    const isOwn = new URL(address).origin === new URL(requester.endpoint).origin;
    const reason = await reasonOf(response);
    if (isOwn && status === 409)
      return new TunesmithError({ code: 'repository_exists', values: { repo, host } });
    // The host of large files refuses an address that has become too old. The next attempt gets a fresh one.
    if (!isOwn && status < 500) return downloadFailed(message('file_host_refuses', { subject: repo }));
    if (status === 401) return new TunesmithError({ code: 'token_refused', values: { host } });
    if (status === 403) {
      return new TunesmithError({ code: 'upload_refused', values: { repo, host }, detail: reason });
    }
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
