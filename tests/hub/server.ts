import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sendFile } from './bodies';
import type { Faults } from './faults';
import { makeCommit, type Commit, type ServedFile, type ServedModel } from './models';
import type { Answer } from './answer';
import { Uploads } from './uploads';

export interface HubOptions {
  readonly models: readonly ServedModel[];
  readonly faults?: Faults;
  /** Bytes a second of each body; undefined for as fast as it goes. */
  readonly bytesPerSecond?: number;
  /** Entries of a page of the file list. */
  readonly pageSize?: number;
  /** Owners to whose repositories a token may write, by token. */
  readonly writers?: Readonly<Record<string, readonly string[]>>;
  /** Larger files are uploaded in parts of this many bytes. */
  readonly partBytes?: number;
  /** Whether large files are uploaded into Xet, as to the Hub itself. */
  readonly xet?: boolean;
}

/** A received request, for tests of what is sent to which server. */
export interface SeenRequest {
  /** `hub`, or `files` for the other host that hands out large files. */
  readonly host: 'hub' | 'files';
  readonly method: string;
  readonly url: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

export interface RunningHub {
  /** The endpoint to set: `http://localhost:…`. */
  readonly url: string;
  /** Origin of the other host. */
  readonly filesUrl: string;
  readonly requests: SeenRequest[];
  /** Setting them restarts the count of requests. */
  faults: Faults | undefined;
  bytesPerSecond: number | undefined;
  /** Cuts all connections, and answers no more while true. */
  offline: boolean;
  /** Says of the n-th upload (from 0) to the host of large files, by its bytes, whether its connection is cut. */
  cutUpload: ((upload: number, bytes: number) => boolean) | undefined;
  /** The present files of a repository by path; undefined if there is none. */
  filesOf(repo: string): Readonly<Record<string, Uint8Array>> | undefined;
  /** 'private' or 'public', of a repository that an upload created. */
  visibilityOf(repo: string): string | undefined;
  /** Moves a repository's branch on to other files. Earlier commits stay there. */
  push(repo: string, files: ServedModel['files']): Promise<void>;
  close(): Promise<void>;
}

interface Repository {
  readonly model: ServedModel;
  readonly commits: Map<string, Commit>;
  readonly branches: ReadonlyMap<string, Commit>;
  head: Commit;
}

/** A server at localhost that speaks the addresses of the Hugging Face Hub and of ModelScope, with faults on demand. */
export async function startHub(options: HubOptions): Promise<RunningHub> {
  const hub = new LocalHub(options);
  await hub.start();
  return hub;
}

/** As the Hub does it: what scripts of other pages may read. */
const CROSS_ORIGIN = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers':
    'X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,ETag,Link,Accept-Ranges,Content-Range,Retry-After,X-Linked-Size,X-Linked-ETag',
};

class LocalHub implements RunningHub {
  readonly requests: SeenRequest[] = [];
  readonly #repositories = new Map<string, Repository>();
  readonly #counts = new Map<string, number>();
  readonly #options: HubOptions;
  readonly #hub: Server;
  readonly #files: Server;
  #faults: Faults | undefined;
  readonly #uploads: Uploads;
  #uploadCount = 0;
  bytesPerSecond: number | undefined;
  cutUpload: RunningHub['cutUpload'];
  #offline = false;

  constructor(options: HubOptions) {
    this.#options = options;
    this.#faults = options.faults;
    this.bytesPerSecond = options.bytesPerSecond;
    this.#hub = this.#server('hub', (url, request, response) => this.#answerHub(url, request, response));
    this.#files = this.#server('files', (url, request, response) => this.#answerFile(url, request, response));
    const filesUrl = (): string => this.filesUrl;
    this.#uploads = new Uploads({
      writers: options.writers ?? {},
      partBytes: options.partBytes ?? Infinity,
      xet: options.xet ?? false,
      get filesUrl() {
        return filesUrl();
      },
      filesOf: (repo) => this.filesOf(repo),
      create: (model) => this.#serve(model),
      push: async (repo, files) => {
        await this.push(repo, files);
        return this.#repositories.get(repo)!.head.id;
      },
    });
  }

  filesOf(repo: string): Readonly<Record<string, Uint8Array>> | undefined {
    const head = this.#repositories.get(repo)?.head;
    return head && Object.fromEntries(Array.from(head.files.values(), ({ path, bytes }) => [path, bytes]));
  }

  visibilityOf(repo: string): string | undefined {
    return this.#uploads.visibility.get(repo);
  }

  async #serve(model: ServedModel): Promise<void> {
    const head = await makeCommit(model.files);
    const branches = new Map<string, Commit>();
    for (const [name, files] of Object.entries(model.branches ?? {}))
      branches.set(name, await makeCommit(files));
    const commits = new Map([head, ...branches.values()].map((commit) => [commit.id, commit]));
    this.#repositories.set(keyOf(model), { model, commits, branches, head });
  }

  get url(): string {
    return `http://localhost:${portOf(this.#hub)}`;
  }

  get filesUrl(): string {
    return `http://localhost:${portOf(this.#files)}`;
  }

  get faults(): Faults | undefined {
    return this.#faults;
  }

  set faults(faults: Faults | undefined) {
    this.#faults = faults;
    this.#counts.clear();
  }

  get offline(): boolean {
    return this.#offline;
  }

  set offline(offline: boolean) {
    this.#offline = offline;
    if (offline) for (const server of [this.#hub, this.#files]) server.closeAllConnections();
  }

  async start(): Promise<void> {
    for (const model of this.#options.models) await this.#serve(model);
    for (const server of [this.#hub, this.#files]) {
      await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
    }
  }

  async push(repo: string, files: ServedModel['files']): Promise<void> {
    const repository = this.#repositories.get(repo)!;
    repository.head = await makeCommit(files);
    repository.commits.set(repository.head.id, repository.head);
  }

  async close(): Promise<void> {
    for (const server of [this.#hub, this.#files]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  #server(
    host: SeenRequest['host'],
    answer: (url: URL, request: IncomingMessage, response: ServerResponse) => void,
  ): Server {
    return createServer((request, response) => {
      if (this.#offline) {
        request.socket.destroy();
        return;
      }
      const { method = 'GET', url = '/', headers } = request;
      for (const [name, value] of Object.entries(CROSS_ORIGIN)) response.setHeader(name, value);
      if (method === 'OPTIONS') {
        const allowed = {
          'Access-Control-Allow-Headers': 'Authorization, Range, Accept, Content-Type',
          'Access-Control-Allow-Methods': 'GET, HEAD, POST, PUT',
        };
        response.writeHead(204, allowed).end();
        return;
      }
      const { range, authorization } = headers;
      this.requests.push({ host, method, url, range, authorization });
      answer(new URL(url, `http://${headers.host ?? 'localhost'}`), request, response);
    });
  }

  #answerHub(url: URL, request: IncomingMessage, response: ServerResponse): void {
    const path = decodeURIComponent(url.pathname);
    if (request.method === 'POST') {
      void this.#uploads.answerHub(path, request).then((answer) => send(response, answer));
      return;
    }
    if (path === '/api/whoami-v2') {
      send(response, this.#uploads.whose(request.headers.authorization));
      return;
    }
    if (path === '/api/models' || path === '/api/datasets') {
      this.#search(url, response, path === '/api/datasets' ? 'dataset' : undefined);
      return;
    }
    const match =
      /^\/api\/(?<kind>models|datasets)\/(?<name>[^/]+\/[^/]+)\/(?<what>revision|tree)\/(?<revision>.+)$/.exec(
        path,
      ) ??
      /^\/api\/v1\/(?<kind>models|datasets)\/(?<name>[^/]+\/[^/]+)\/repo(?<what>\/files|\/tree)?$/.exec(
        path,
      ) ??
      /^\/(?:(?<kind>datasets)\/)?(?<name>[^/]+\/[^/]+)\/(?<what>resolve)\/(?<revision>[^/]+)\/(?<file>.+)$/.exec(
        path,
      );
    const { kind, name = '', what = 'repo', revision, file } = match?.groups ?? {};
    const repo = kind === 'datasets' ? `datasets/${name}` : name;
    const repository = this.#repositories.get(repo);
    if (repository === undefined) {
      // To those who bear no token, the Hub doesn't say which repositories there are.
      const status = request.headers.authorization === undefined ? 401 : 404;
      refuse(response, status, 'RepoNotFound', 'Repository not found');
      return;
    }
    const wanted = revision ?? url.searchParams.get('Revision') ?? 'main';
    const named = ['main', 'master', 'HEAD'].includes(wanted)
      ? repository.head
      : (repository.branches.get(wanted) ?? repository.commits.get(wanted));
    if (named === undefined) {
      refuse(response, 404, 'RevisionNotFound', `Invalid rev id: ${wanted}`);
      return;
    }
    if (what === 'revision')
      json(response, describe(repository, named, this.visibilityOf(repo) === 'private'));
    else if (what === 'tree') this.#tree(url, response, named);
    else if (what.startsWith('/')) json(response, modelScopeList(named));
    else this.#resolve(repository, named, file ?? url.searchParams.get('FilePath') ?? '', request, response);
  }

  #search(url: URL, response: ServerResponse, kind: 'dataset' | undefined): void {
    const query = (url.searchParams.get('search') ?? '').toLowerCase();
    const limit = Number(url.searchParams.get('limit') ?? 30);
    const filters = url.searchParams.getAll('filter');
    const task = url.searchParams.get('pipeline_tag');
    const found = [...this.#repositories.values()]
      .filter(({ model }) => model.kind === kind && model.repo.toLowerCase().includes(query))
      .sort((a, b) => (b.model.downloads ?? 0) - (a.model.downloads ?? 0))
      .map((repository) => describe(repository, repository.head))
      .filter(({ tags }) => filters.every((filter) => tags.includes(filter)))
      .filter(({ pipeline_tag }) => task === null || pipeline_tag === task);
    json(response, found.slice(0, limit));
  }

  #tree(url: URL, response: ServerResponse, commit: Commit): void {
    const pageSize = this.#options.pageSize ?? 1000;
    const begin = Number(url.searchParams.get('cursor') ?? 0);
    const files = [...commit.files.values()];
    if (begin + pageSize < files.length) {
      url.searchParams.set('cursor', String(begin + pageSize));
      // As a mirror does that hands on what the Hub says: the address is the Hub's own.
      response.setHeader('Link', `<https://huggingface.co${url.pathname}${url.search}>; rel="next"`);
    }
    json(response, files.slice(begin, begin + pageSize).map(treeEntry));
  }

  #resolve(
    { model }: Repository,
    commit: Commit,
    path: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): void {
    const { authorization } = request.headers;
    if (model.token !== undefined && authorization !== `Bearer ${model.token}`) {
      const message = 'Access to this model is restricted.';
      refuse(response, authorization === undefined ? 401 : 403, 'GatedRepo', message);
      return;
    }
    const file = commit.files.get(path);
    if (file === undefined) {
      refuse(response, 404, 'EntryNotFound', 'Entry not found');
      return;
    }
    response.setHeader('X-Repo-Commit', commit.id);
    if (!file.large) {
      this.#send(file, commit, request, response);
      return;
    }
    const address = `${this.filesUrl}/${keyOf(model)}/${commit.id}/${path}?signature=of-this-request`;
    response.setHeader('X-Linked-ETag', `"${file.sha256}"`);
    response.writeHead(302, { Location: address, 'X-Linked-Size': file.bytes.length }).end();
  }

  #answerFile(url: URL, request: IncomingMessage, response: ServerResponse): void {
    if (/^\/(uploads|v1)\//.test(url.pathname)) {
      if (
        request.method === 'PUT' &&
        this.cutUpload?.(this.#uploadCount++, Number(request.headers['content-length']))
      )
        request.socket.destroy();
      else void this.#uploads.answerFiles(url, request).then((answer) => send(response, answer));
      return;
    }
    const [, repo = '', id = '', path = ''] =
      /^\/((?:datasets\/)?[^/]+\/[^/]+)\/([^/]+)\/(.+)$/.exec(decodeURIComponent(url.pathname)) ?? [];
    const commit = this.#repositories.get(repo)?.commits.get(id);
    const file = commit?.files.get(path);
    if (commit && file) this.#send(file, commit, request, response);
    else refuse(response, 404, 'NoSuchKey', 'Not found');
  }

  #send(file: ServedFile, commit: Commit, request: IncomingMessage, response: ServerResponse): void {
    const count = this.#counts.get(file.path) ?? 0;
    this.#counts.set(file.path, count + 1);
    sendFile(file, commit.id, request, response, this.#faults?.(file.path, count), this.bytesPerSecond);
  }
}

function keyOf({ repo, kind }: ServedModel): string {
  return kind === 'dataset' ? `datasets/${repo}` : repo;
}

function describe({ model, head }: Repository, commit: Commit, isPrivate = false) {
  const { repo, license, token, downloads = 0, likes = 0, tags = [], gguf } = model;
  const { task = 'text-generation' } = model;
  const config: unknown = JSON.parse(head.files.get('config.json')?.bytes.toString() ?? 'null');
  const weights = [...head.files.values()].filter(({ path }) => path.endsWith('.safetensors'));
  const halves = weights.reduce((sum, { bytes }) => sum + bytes.length, 0) / 2;
  return {
    _id: repo,
    id: repo,
    sha: commit.id,
    private: isPrivate,
    gated: token === undefined ? false : 'manual',
    downloads,
    likes,
    tags: [
      ...(weights.length > 0 ? ['safetensors'] : []),
      ...(gguf ? ['gguf'] : []),
      task,
      ...(license ? [`license:${license}`] : []),
      ...tags,
    ],
    ...(gguf && { gguf }),
    pipeline_tag: task,
    lastModified: '2025-01-01T00:00:00.000Z',
    cardData: license ? { license } : {},
    config,
    ...(weights.length > 0 ? { safetensors: { parameters: { BF16: halves }, total: halves } } : {}),
    siblings: [...commit.files.keys()].map((path) => ({ rfilename: path })),
  };
}

function treeEntry({ path, bytes, gitId, sha256, large }: ServedFile): object {
  const entry = { type: 'file', oid: gitId, size: bytes.length, path };
  return large ? { ...entry, lfs: { oid: sha256, size: bytes.length, pointerSize: 134 } } : entry;
}

function modelScopeList({ id, files }: Commit): object {
  const list = [...files.values()].map(({ path, bytes, sha256, large }) => ({
    Path: path,
    Name: path.split('/').at(-1),
    Type: 'blob',
    Size: bytes.length,
    Sha256: sha256,
    Revision: id,
    IsLFS: large,
  }));
  return { Code: 200, Success: true, Data: { Files: list, LatestCommitter: { Id: id } } };
}

function send(response: ServerResponse, { status, body, headers }: Answer): void {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(body === undefined ? '' : JSON.stringify(body));
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8' }).end(JSON.stringify(value));
}

function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  const headers = { 'X-Error-Code': code, 'X-Error-Message': message, 'Content-Type': 'application/json' };
  response.writeHead(status, headers).end(JSON.stringify({ error: message }));
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
