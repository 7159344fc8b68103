import { TunesmithError } from './errors';

/** Where the Hub's own models are. */
export const HUGGING_FACE = 'https://huggingface.co';

/** Endpoints that are offered by name; any other that speaks the Hub's addresses can be typed. */
export const KNOWN_ENDPOINTS: readonly { readonly name: string; readonly endpoint: string }[] = [
  { name: 'Hugging Face', endpoint: HUGGING_FACE },
  { name: 'hf-mirror', endpoint: 'https://hf-mirror.com' },
  { name: 'ModelScope', endpoint: 'https://www.modelscope.cn' },
];

/** The Hub redirects requests for large files to one of these. */
const HUGGING_FACE_FILES = ['https://*.hf.co', 'https://*.huggingface.co'];

/**
 * An endpoint as it is kept and compared: its origin and, if there is one, its path without a slash at the end.
 *
 * @throws TunesmithError `endpoint_invalid` for anything but https, or http on this machine
 */
export function normalizeEndpoint(text: string): string {
  const typed = text.trim();
  const address = /^[a-z]+:\/\//i.test(typed) ? typed : `https://${typed}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const allowed = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLocal(url.hostname));
  const plain = url?.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (!url || !allowed || !plain) {
    throw new TunesmithError({
      code: 'endpoint_invalid',
      values: { typed, example: HUGGING_FACE },
    });
  }
  return url.origin + url.pathname.replace(/\/+$/, '');
}

/** Whether an endpoint has ModelScope's addresses instead of the Hub's. */
export function isModelScope(endpoint: string): boolean {
  return /(^|\.)modelscope\.(cn|ai|com)$/.test(new URL(endpoint).hostname);
}

/**
 * The sources that a content security policy's `connect-src` must name for downloads from an endpoint: the endpoint
 * itself and the hosts that serve its large files. The policy blocks everything else.
 */
export function connectSources(endpoint: string): readonly string[] {
  const { origin, hostname, protocol, host } = new URL(normalizeEndpoint(endpoint));
  // A test server may serve files from another port of the same machine.
  if (isLocal(hostname)) return [origin, `${protocol}//${hostname}:*`];
  if (origin === HUGGING_FACE) return [origin, ...HUGGING_FACE_FILES];
  const siblings = `https://*.${host.replace(/^www\./, '')}`;
  return isModelScope(origin) ? [origin, siblings] : [origin, siblings, HUGGING_FACE_FILES[0]!];
}

/** The path of chat completions below an address. */
const CHAT_PATH = '/chat/completions';

/** The address that all requests to a chat model go to. Throws as `normalizeChatAddress`. */
export function chatAddressOf(address: string, anyHttp = false): string {
  return normalizeChatAddress(address, anyHttp) + CHAT_PATH;
}

/**
 * The address of a chat model's interface in OpenAI's form, as it is kept: origin and path, without `/chat/completions`
 * and without a slash at the end.
 *
 * @param anyHttp whether plain http may lead to other machines, as from the command line
 * @throws TunesmithError `chat_address` for anything but a plain address; `chat_address_http` for http to another machine,
 *   which a page must not use
 */
export function normalizeChatAddress(text: string, anyHttp = false): string {
  const typed = text.trim();
  const local = /^(?:localhost|127\.0\.0\.1)(?:[:/]|$)/i.test(typed);
  const address = /^[a-z]+:\/\//i.test(typed) ? typed : `${local ? 'http' : 'https'}://${typed}`;
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const plain = url?.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (!url || !plain || !/^https?:$/.test(url.protocol)) {
    throw new TunesmithError({ code: 'chat_address', values: { typed } });
  }
  if (url.protocol === 'http:' && !isLocal(url.hostname) && !anyHttp) {
    throw new TunesmithError({ code: 'chat_address_http', values: { host: url.host } });
  }
  const path = url.pathname.replace(/\/+$/, '');
  return url.origin + (path.endsWith(CHAT_PATH) ? path.slice(0, -CHAT_PATH.length) : path);
}

function isLocal(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '127.0.0.1';
}
