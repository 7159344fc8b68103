/** A file of the built page. */
export interface BuiltFile {
  /** Relative to the page's address; the page itself is the empty path. */
  readonly path: string;
  /** SHA-256 of its bytes in base64. */
  readonly sha256: string;
  /** Whether it is large and few people need it: it is stored after its first use only. */
  readonly late?: boolean;
}

/** The built page's files and headers. */
export interface BuiltPage {
  readonly files: readonly BuiltFile[];
  /** Headers for each file: the host may not send them, but a cached response must have them. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The folder whose files have a hash of their content in their names. The other files, such as the demo's model, keep their
 * names in all versions. A tab of an older version gets the newest of them, so it must be able to read it.
 */
const HASHED = 'assets/';

/**
 * The page's files in the browser's cache. The key of each is its path and its hash, so that files of several versions
 * can coexist and a new version downloads only changed files.
 */
export class PageFiles {
  readonly #scope: URL;
  readonly #caches: CacheStorage;
  readonly #headers: BuiltPage['headers'];
  readonly #hashes: ReadonlyMap<string, string>;
  readonly #late: ReadonlySet<string>;

  /** @param scope the page's address, with a slash at its end */
  constructor({ files, headers }: BuiltPage, scope: string, caches: CacheStorage) {
    this.#scope = new URL(scope);
    this.#caches = caches;
    this.#headers = headers;
    this.#hashes = new Map(files.map(({ path, sha256 }) => [path, sha256]));
    this.#late = new Set(files.filter(({ late }) => late).map(({ path }) => path));
  }

  /**
   * Downloads files that are not stored yet; late ones only if an older version of them is stored, because they were
   * used. Throws if a file can't be downloaded or belongs to another version.
   */
  async store(): Promise<void> {
    const cache = await this.#open();
    const used = new Set((await cache.keys()).map(({ url }) => withoutHash(new URL(url).pathname)));
    const isUsed = (path: string): boolean => used.has(withoutHash(new URL(path, this.#scope).pathname));
    const wanted = [...this.#hashes].filter(([path]) => !this.#late.has(path) || isUsed(path));
    await Promise.all(wanted.map(([path, sha256]) => this.#fetchMissing(cache, path, sha256)));
  }

  /** Downloads one of the page's files for use without a network, if it is not stored yet. */
  async keep(address: string): Promise<void> {
    const path = this.#path({ method: 'GET', url: address });
    const sha256 = path === undefined ? undefined : this.#hashes.get(path);
    if (path !== undefined && sha256 !== undefined) {
      await this.#fetchMissing(await this.#open(), path, sha256);
    }
  }

  /** The response to a request for one of the page's files; undefined for other requests, which go to the network. */
  answer(request: Request): Promise<Response> | undefined {
    const path = this.#path(request);
    if (path === undefined) return undefined;
    const sha256 = this.#hashes.get(path);
    if (sha256 === undefined && !path.startsWith(HASHED)) return undefined;
    return this.#stored(path, sha256, request);
  }

  /** Removes the files of other versions. */
  async removeOthers(): Promise<void> {
    const cache = await this.#open();
    const own = new Set([...this.#hashes].map(([path, sha256]) => this.#key(path, sha256)));
    const others = (await cache.keys()).filter(({ url }) => !own.has(url));
    await Promise.all(others.map((key) => cache.delete(key)));
  }

  async #stored(path: string, sha256: string | undefined, request: Request): Promise<Response> {
    const cache = await this.#open();
    // A tab of an older version may request a file that this version doesn't have.
    const found =
      sha256 === undefined
        ? await cache.match(new URL(path, this.#scope), { ignoreSearch: true })
        : await cache.match(this.#key(path, sha256));
    // The browser may have removed the file to make room.
    if (!found) return await fetch(request);
    // Headers for length and encoding describe the transfer, not the stored, uncompressed body, so they are left out.
    const headers = new Headers(this.#headers);
    headers.set('Content-Type', found.headers.get('Content-Type') ?? 'application/octet-stream');
    return new Response(found.body, { headers });
  }

  async #fetchMissing(cache: Cache, path: string, sha256: string): Promise<void> {
    const key = this.#key(path, sha256);
    if (await cache.match(key)) return;
    const address = new URL(path, this.#scope);
    await cache.put(key, await fetch(address, { cache: 'no-cache', integrity: `sha256-${sha256}` }));
  }

  #path({ method, url }: Pick<Request, 'method' | 'url'>): string | undefined {
    const { origin, pathname } = new URL(url);
    const within = origin === this.#scope.origin && pathname.startsWith(this.#scope.pathname);
    if (method !== 'GET' || !within) return undefined;
    const path = pathname.slice(this.#scope.pathname.length);
    return path === 'index.html' ? '' : path;
  }

  #key(path: string, sha256: string): string {
    const address = new URL(path, this.#scope);
    address.search = new URLSearchParams({ sha256 }).toString();
    return address.href;
  }

  /** A page at another path of the same origin has a separate cache. */
  #open(): Promise<Cache> {
    return this.#caches.open(`tunesmith ${this.#scope.href}`);
  }
}

/** A file's path without the hash of its content, which the build puts before the ending. */
function withoutHash(path: string): string {
  return path.replace(/-[\w-]{8}(?=\.\w+$)/, '');
}
