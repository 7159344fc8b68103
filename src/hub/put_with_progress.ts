/** Called with the share of a body that has been sent, 0 to 1. */
export type OnSent = (share: number) => void;

/** Whether a request's body can be sent with progress: `fetch` does not report it, so only where XMLHttpRequest exists. */
export function reportsProgress(body: unknown): body is Blob | ArrayBuffer | string {
  if (typeof XMLHttpRequest === 'undefined') return false;
  return body instanceof Blob || body instanceof ArrayBuffer || typeof body === 'string';
}

/** Makes a request as `fetch` does, without cookies, and reports how much of its body is sent. */
export async function sendWithProgress(
  address: string,
  { method = 'PUT', headers, signal }: RequestInit,
  body: Blob | ArrayBuffer | string,
  onSent: OnSent,
): Promise<Response> {
  signal?.throwIfAborted();
  const request = new XMLHttpRequest();
  return await new Promise((resolve, reject) => {
    const stop = (): void => request.abort();
    signal?.addEventListener('abort', stop, { once: true });
    request.upload.addEventListener('progress', ({ lengthComputable, loaded, total }) => {
      if (lengthComputable && total > 0) onSent(loaded / total);
    });
    request.addEventListener('load', () => {
      const { status, responseText } = request;
      resolve(
        new Response(NO_BODY.has(status) ? null : responseText, { status, headers: headersOf(request) }),
      );
    });
    request.addEventListener('error', () => reject(new TypeError('The request failed.')));
    request.addEventListener('abort', () => reject(signal?.reason as Error));
    request.addEventListener('loadend', () => signal?.removeEventListener('abort', stop));
    request.open(method, address);
    new Headers(headers).forEach((value, name) => request.setRequestHeader(name, value));
    request.send(body);
  });
}

/** Statuses with which a `Response` must have no body. */
const NO_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

function headersOf(request: XMLHttpRequest): Headers {
  const headers = new Headers();
  for (const line of request
    .getAllResponseHeaders()
    .trim()
    .split(/[\r\n]+/)) {
    const at = line.indexOf(':');
    if (at > 0) headers.append(line.slice(0, at), line.slice(at + 1).trim());
  }
  return headers;
}
