import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { PageFiles } from '../../../src/offline/page_files';

const SCOPE = 'https://host.example/tools/tunesmith/';
const HEADERS = { 'Cross-Origin-Embedder-Policy': 'require-corp' };

/** As much of the browser's cache as is used. */
class FakeCache {
  readonly entries = new Map<string, Response>();

  match(key: string | URL, { ignoreSearch = false } = {}): Promise<Response | undefined> {
    const bare = (address: string) => (ignoreSearch ? address.split('?')[0] : address);
    const found = [...this.entries].find(([address]) => bare(address) === bare(String(key)));
    return Promise.resolve(found?.[1].clone());
  }

  put(key: string, response: Response): Promise<void> {
    this.entries.set(key, response);
    return Promise.resolve();
  }

  keys(): Promise<Request[]> {
    return Promise.resolve([...this.entries.keys()].map((address) => new Request(address)));
  }

  delete({ url }: Request): Promise<boolean> {
    return Promise.resolve(this.entries.delete(url));
  }
}

let stored: Map<string, FakeCache>;
let site: Record<string, string>;
let fetched: string[];

function version(files: Record<string, string>, scope = SCOPE, late: readonly string[] = []): PageFiles {
  const built = Object.entries(files).map(([path, text]) => ({
    path,
    sha256: createHash('sha256').update(text).digest('base64'),
    late: late.includes(path),
  }));
  const open = (name: string) => {
    const cache = stored.get(name) ?? new FakeCache();
    stored.set(name, cache);
    return Promise.resolve(cache);
  };
  return new PageFiles({ files: built, headers: HEADERS }, scope, { open } as unknown as CacheStorage);
}

const get = (path: string, init?: RequestInit) => new Request(new URL(path, SCOPE), init);

beforeEach(() => {
  stored = new Map();
  fetched = [];
  site = { '': 'page 1', 'assets/a-1.js': 'script 1', 'icon.svg': 'icon' };
  vi.stubGlobal('fetch', (input: URL | Request, init?: RequestInit) => {
    const path = (input instanceof Request ? input.url : input.href).slice(SCOPE.length);
    fetched.push(path);
    const text = site[path];
    const hash = createHash('sha256')
      .update(text ?? '')
      .digest('base64');
    const right = init?.integrity === undefined || init.integrity === `sha256-${hash}`;
    if (text === undefined || !right) return Promise.reject(new TypeError('Failed to fetch'));
    const headers = { 'Content-Type': 'text/x', 'Content-Encoding': 'br', 'Content-Length': '3' };
    return Promise.resolve(new Response(text, { headers }));
  });
});

describe("the page's files in the cache", () => {
  it('answer without a network, below any path', async () => {
    const files = version(site);
    await files.store();
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
    for (const path of ['', '?a=1', 'index.html', '#train']) {
      expect(await (await files.answer(get(path)))?.text()).toBe('page 1');
    }
    expect(await (await files.answer(get('assets/a-1.js')))?.text()).toBe('script 1');
  });

  it('include a late one only once it has been used, and its next version then', async () => {
    const address = (path: string) => new URL(path, SCOPE).href;
    site['assets/run-aaaaaaaa.wasm'] = 'program 1';
    const files = version(site, SCOPE, ['assets/run-aaaaaaaa.wasm']);
    await files.store();
    expect(fetched).not.toContain('assets/run-aaaaaaaa.wasm');
    await files.keep(address('elsewhere.wasm'));
    await files.keep(address('assets/run-aaaaaaaa.wasm'));
    expect(fetched.filter((path) => path.endsWith('.wasm'))).toEqual(['assets/run-aaaaaaaa.wasm']);
    site = {
      'assets/a-1.js': 'script 1',
      'assets/run-bbbbbbbb.wasm': 'program 2',
      'assets/other-cccccccc.wasm': 'program 3',
    };
    const next = version(site, SCOPE, ['assets/run-bbbbbbbb.wasm', 'assets/other-cccccccc.wasm']);
    await next.store();
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
    expect(await (await next.answer(get('assets/run-bbbbbbbb.wasm')))?.text()).toBe('program 2');
    await expect(next.answer(get('assets/other-cccccccc.wasm'))).rejects.toThrow('Failed to fetch');
  });

  it('have the headers that the host may not have sent, and none of the transfer', async () => {
    const files = version(site);
    await files.store();
    const answer = await files.answer(get(''));
    expect(Object.fromEntries(answer?.headers ?? [])).toEqual({
      'content-type': 'text/x',
      'cross-origin-embedder-policy': 'require-corp',
    });
  });

  it('leave everything else to the network', async () => {
    const files = version(site);
    await files.store();
    expect(files.answer(get('models/own.bin'))).toBeUndefined();
    expect(files.answer(get('icon.svg', { method: 'POST' }))).toBeUndefined();
    expect(files.answer(new Request('https://host.example/icon.svg'))).toBeUndefined();
    expect(files.answer(new Request('https://huggingface.co/tools/tunesmith/icon.svg'))).toBeUndefined();
  });

  it('come from the network where the browser has removed them', async () => {
    expect(await (await version(site).answer(get('icon.svg')))?.text()).toBe('icon');
  });

  it('are fetched once for all versions, and kept for tabs of the older one until told otherwise', async () => {
    const first = version(site);
    await first.store();
    site = { '': 'page 2', 'assets/a-2.js': 'script 2', 'icon.svg': 'icon' };
    fetched = [];
    const second = version(site);
    await second.store();
    expect(fetched.sort()).toEqual(['', 'assets/a-2.js']);
    expect(await (await first.answer(get('')))?.text()).toBe('page 1');
    expect(await (await second.answer(get('')))?.text()).toBe('page 2');
    expect(await (await second.answer(get('assets/a-1.js')))?.text()).toBe('script 1');

    await second.removeOthers();
    const [cache] = stored.values();
    expect(cache?.entries.size).toBe(3);
    await expect(second.answer(get('assets/a-1.js'))).rejects.toThrow('Failed to fetch');
    expect(await (await second.answer(get('icon.svg')))?.text()).toBe('icon');
  });

  it('are never of two versions', async () => {
    const files = version({ ...site, '': 'page 2' });
    await expect(files.store()).rejects.toThrow('Failed to fetch');
  });

  it('are apart from those of a page at another path', async () => {
    await version(site).store();
    await version({}, 'https://host.example/other/').removeOthers();
    expect([...stored.values()].map(({ entries }) => entries.size)).toEqual([3, 0]);
  });
});
