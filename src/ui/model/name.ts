/** A repository of a hub as a person names it. */
export interface HubName {
  readonly repo: string;
  /** A branch, a tag or a commit. */
  readonly revision?: string;
  /** One .gguf of it. */
  readonly file?: string;
}

const part = String.raw`[\w](?:[\w.-]{0,94}[\w])?`;
const plain = new RegExp(String.raw`^(${part}/${part})(?:@([\w./-]+))?(?::([^\s:]+\.gguf))?$`, 'i');
const hosts = /^(?:https?:\/\/)?(?:www\.)?(?:huggingface\.co|hf\.co|hf-mirror\.com|modelscope\.(?:cn|ai))\//i;

/**
 * Reads what a person typed or pasted: `owner/name`, `owner/name@revision`, `owner/name:file.gguf`, `hf://owner/name` or
 * the address of a model's page or file on a hub (`/tree/…`, `/blob/…`, `/resolve/…`). Undefined where it names no one
 * repository: then it is words to search for.
 *
 * @param endpoint the hub that is set: addresses of it are understood, too
 */
export function parseHubName(text: string, endpoint: string): HubName | undefined {
  const trimmed = text.trim();
  const path = pathOf(trimmed, endpoint);
  if (path === undefined) return fromPlain(trimmed.replace(/^hf:\/\//, ''));
  const [owner, name, verb, revision, ...file] = path.split('/');
  const named = fromPlain(`${owner ?? ''}/${name ?? ''}`);
  if (!named || revision === undefined || !/^(?:tree|blob|resolve)$/.test(verb ?? '')) return named;
  const gguf = file.join('/');
  return { ...named, revision, ...(gguf.toLowerCase().endsWith('.gguf') && { file: gguf }) };
}

/** The name as it is typed: `owner/name@revision:file.gguf`. */
export function showHubName({ repo, revision, file }: HubName): string {
  return `${repo}${revision === undefined ? '' : `@${revision}`}${file === undefined ? '' : `:${file}`}`;
}

function fromPlain(text: string): HubName | undefined {
  const [, repo, revision, file] = plain.exec(text) ?? [];
  if (repo === undefined || repo.includes('..') || repo.includes('--')) return undefined;
  return { repo, ...(revision !== undefined && { revision }), ...(file !== undefined && { file }) };
}

/** The path of an address on a hub, without what only its pages have; undefined where it is no such address. */
function pathOf(text: string, endpoint: string): string | undefined {
  const begin = text.startsWith(`${endpoint}/`) ? endpoint.length + 1 : hosts.exec(text)?.[0].length;
  if (begin === undefined) return undefined;
  const path = text.slice(begin).split(/[?#]/)[0] ?? '';
  return decode(path.replace(/^models\//, '')).replace(/\/+$/, '');
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
