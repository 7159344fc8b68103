import { isModelScope, normalizeEndpoint } from './endpoints';
import { TunesmithError } from './errors';

/** A model of a hub, as people name it. */
export interface ModelReference {
  /** owner/name */
  readonly repo: string;
  /** A branch, a tag or a commit. */
  readonly revision?: string;
  /** One .gguf file of several. */
  readonly file?: string;
  /** The site, if the name was given as an address. */
  readonly endpoint?: string;
}

const REPO = /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/;

/**
 * Reads `owner/name`, `owner/name@revision`, `owner/name:file.gguf`, and the address of a model's page, of its files
 * (`/tree/revision`) or of one file (`/blob/revision/file.gguf`). Undefined for anything else.
 */
export function parseModelReference(text: string): ModelReference | undefined {
  const typed = text.trim();
  if (isAddress(typed)) return fromAddress(typed);
  const [, repo = '', revision, file] = /^([^@:]*)(?:@([^:]+))?(?::(.+))?$/.exec(typed) ?? [];
  if (!isRepo(repo)) return undefined;
  return { repo, ...(revision && { revision }), ...(file && { file }) };
}

/** The reference as text, without the endpoint: the key by which a stored base is found. */
export function modelReferenceText({ repo, revision, file }: ModelReference): string {
  return `${repo}${revision === undefined ? '' : `@${revision}`}${file === undefined ? '' : `:${file}`}`;
}

/** @throws TunesmithError `model_reference` */
export function requireModelReference(text: string): ModelReference {
  const reference = parseModelReference(text);
  if (reference) return reference;
  refuseOtherPage(text);
  throw new TunesmithError({ code: 'model_reference', values: { typed: text } });
}

/**
 * Refuses the address of a data set, a space or another page that is no model, and names its kind.
 *
 * @throws TunesmithError `model_reference`
 */
export function refuseOtherPage(text: string): void {
  const typed = text.trim();
  if (!isAddress(typed) || !URL.canParse(typed)) return;
  const page = otherPage(pathOf(new URL(typed))[0]);
  if (page !== undefined) throw new TunesmithError({ code: 'model_reference', values: { typed, page } });
}

/** Whether a text is an address (valid or not) rather than a name. */
export function isAddress(text: string): boolean {
  return /^https?:\/\//i.test(text.trim());
}

/** Whether a text is `owner/name`. */
export function isRepo(text: string): boolean {
  return REPO.test(text) && !text.includes('..');
}

/** First parts of addresses that name a kind of page instead of an owner. */
const OTHER_PAGES = ['datasets', 'spaces', 'studios'] as const;

function otherPage(part: string | undefined): (typeof OTHER_PAGES)[number] | undefined {
  return OTHER_PAGES.find((page) => page === part);
}

function fromAddress(address: string): ModelReference | undefined {
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  const parts = pathOf(url);
  if (otherPage(parts[0]) !== undefined) return undefined;
  if (isModelScope(url.origin) && parts[0] === 'models') parts.shift();
  const [owner = '', name = '', kind, revision, ...path] = parts;
  const repo = `${owner}/${name}`;
  if (!isRepo(repo)) return undefined;
  const endpoint = normalizeEndpoint(url.origin);
  const named = kind === 'tree' || kind === 'blob' || kind === 'resolve';
  // ModelScope's pages say `/files` or `/summary` there.
  if (!named || revision === undefined) return { repo, endpoint };
  const file = path.join('/');
  return { repo, revision, endpoint, ...(file.toLowerCase().endsWith('.gguf') && { file }) };
}

function pathOf(url: URL): string[] {
  return url.pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decoded);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
