import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Answer } from './answer';
import type { ServedModel } from './models';
import { XetStore } from './xet';

/** The part of the server that uploads can reach. */
export interface UploadWorld {
  /** Owners to whose repositories a token may write, by token. */
  readonly writers: Readonly<Record<string, readonly string[]>>;
  /** Origin of the host of large files. */
  readonly filesUrl: string;
  /** Bytes of a part of a large file; larger files are sent in parts. */
  readonly partBytes: number;
  /** Whether large files go into Xet. */
  readonly xet: boolean;
  /** The files of a repository; undefined if there is none. */
  filesOf(repo: string): Readonly<Record<string, Uint8Array | string>> | undefined;
  create(model: ServedModel): Promise<void>;
  push(repo: string, files: ServedModel['files']): Promise<string>;
}

/** Bodies of the requests. */
interface Created {
  readonly name: string;
  readonly organization: string;
  readonly visibility: string;
}
interface Preupload {
  readonly files: readonly { readonly path: string }[];
}
interface Batch {
  readonly transfers: readonly string[];
  readonly objects: readonly { readonly oid: string; readonly size: number }[];
}
interface Completed {
  readonly parts: readonly { readonly partNumber: number; readonly etag: string }[];
}

/** The server's side of uploads: the Hub's addresses for creating repositories, for large files and for commits. */
export class Uploads {
  /** Visibility of the created repositories. */
  readonly visibility = new Map<string, string>();
  readonly #world: UploadWorld;
  /** Large files by their SHA-256. */
  readonly #large = new Map<string, Buffer>();
  /** Parts of large files by SHA-256 and number from 1. */
  readonly #parts = new Map<string, Map<number, Buffer>>();
  readonly #xet = new XetStore();

  constructor(world: UploadWorld) {
    this.#world = world;
  }

  /** Says whose a token is, and what it may do. */
  whose(authorization: string | undefined): Answer {
    const owners = this.#world.writers[authorization?.replace(/^Bearer /, '') ?? ''];
    if (!owners) return refused(401, 'Invalid username or password.');
    const role = owners.length > 0 ? 'write' : 'read';
    return { status: 200, body: { name: owners[0], auth: { accessToken: { role } } } };
  }

  /** Answers a POST to the hub. */
  async answerHub(path: string, request: IncomingMessage): Promise<Answer> {
    const body = await bodyOf(request);
    const token = request.headers.authorization?.replace(/^Bearer /, '');
    const owners = token === undefined ? undefined : this.#world.writers[token];
    if (!owners) return refused(401, 'Invalid username or password.');
    if (path === '/api/repos/create')
      return await this.#create(JSON.parse(body.toString()) as Created, owners);
    const { repo = '', what = '' } =
      /^\/api\/models\/(?<repo>[^/]+\/[^/]+)\/(?<what>preupload|commit)\/main$/.exec(path)?.groups ??
      /^\/(?<repo>[^/]+\/[^/]+)\.git\/info\/(?<what>lfs)\/objects\/batch$/.exec(path)?.groups ??
      {};
    const files = this.#world.filesOf(repo);
    if (!files) return refused(404, 'Repository not found');
    if (!owners.includes(repo.split('/')[0] ?? '')) return refused(403, 'You have no write access.');
    if (what === 'preupload') return preupload(JSON.parse(body.toString()) as Preupload);
    if (what === 'lfs') return this.#batch(repo, JSON.parse(body.toString()) as Batch);
    return await this.#commit(repo, files, body.toString());
  }

  /** Answers a request of an upload to the host of large files. */
  async answerFiles(url: URL, request: IncomingMessage): Promise<Answer> {
    if (url.pathname.startsWith('/v1/')) {
      const body = await bodyOf(request);
      return this.#xet.answer(url.pathname, request.headers.authorization, body, (oid, content) => {
        this.#large.set(oid, content);
      });
    }
    const [, , oid = '', part] = url.pathname.split('/');
    if (request.headers.authorization !== undefined)
      return refused(400, 'Only one way to sign in is allowed.');
    const body = await bodyOf(request);
    if (request.method === 'POST') return this.#complete(oid, JSON.parse(body.toString()) as Completed);
    const etag = createHash('md5').update(body).digest('hex');
    if (part === undefined) {
      if (sha256(body) !== oid) return refused(400, 'The content differs from its SHA-256.');
      this.#large.set(oid, body);
    } else {
      const parts = this.#parts.get(oid) ?? new Map<number, Buffer>();
      this.#parts.set(oid, parts.set(Number(part), body));
    }
    return { status: 200, headers: { ETag: `"${etag}"` } };
  }

  async #create({ name, organization, visibility }: Created, owners: readonly string[]): Promise<Answer> {
    const repo = `${organization}/${name}`;
    if (!owners.includes(organization))
      return refused(403, 'You may not create repositories for this owner.');
    if (this.#world.filesOf(repo)) return refused(409, 'You already created this model repo');
    await this.#world.create({ repo, files: {} });
    this.visibility.set(repo, visibility);
    return { status: 200, body: { url: `/${repo}`, id: repo } };
  }

  #batch(repo: string, { objects, transfers }: Batch): Answer {
    const { filesUrl, partBytes, xet } = this.#world;
    if (xet && !transfers.includes('xet')) return refused(400, 'This repository takes large files by Xet.');
    const described = objects.map(({ oid, size }) => {
      if (this.#large.has(oid)) return { oid, size };
      if (xet) {
        const refresh = `${filesUrl}/api/models/${repo}/xet-write-token/main`;
        return { oid, size, actions: XetStore.action(filesUrl, refresh) };
      }
      const href = `${filesUrl}/uploads/${oid}`;
      if (size <= partBytes) return { oid, size, actions: { upload: { href } } };
      const numbers = Array.from({ length: Math.ceil(size / partBytes) }, (_, index) => index + 1);
      const parts = numbers.map((each) => [String(each).padStart(5, '0'), `${href}/${each}`] as const);
      const header = { chunk_size: String(partBytes), ...Object.fromEntries(parts) };
      return { oid, size, actions: { upload: { href, header } } };
    });
    return { status: 200, body: { transfer: xet ? 'xet' : 'basic', objects: described } };
  }

  #complete(oid: string, { parts }: Completed): Answer {
    const sent = this.#parts.get(oid);
    const whole = Buffer.concat(parts.map(({ partNumber }) => sent?.get(partNumber) ?? Buffer.alloc(0)));
    if (parts.some(({ etag }) => etag === '') || sha256(whole) !== oid)
      return refused(400, 'A part is missing.');
    this.#large.set(oid, whole);
    return { status: 200, body: {} };
  }

  async #commit(
    repo: string,
    before: Readonly<Record<string, Uint8Array | string>>,
    text: string,
  ): Promise<Answer> {
    const files: Record<string, Uint8Array | string> = { ...before };
    for (const line of text.split('\n')) {
      const { key, value } = JSON.parse(line) as { key: string; value: Record<string, string> };
      const path = value.path ?? '';
      if (key === 'file') files[path] = Buffer.from(value.content ?? '', 'base64');
      if (key !== 'lfsFile') continue;
      const content = this.#large.get(value.oid ?? '');
      if (!content) return refused(400, `${path} was not uploaded.`);
      files[path] = content;
    }
    const commitOid = await this.#world.push(repo, files);
    return { status: 200, body: { success: true, commitOid, commitUrl: '', hookOutput: '' } };
  }
}

function preupload({ files }: Preupload): Answer {
  const modes = files.map(({ path }) => ({
    path,
    uploadMode: /\.(safetensors|gguf|onnx|onnx_data\w*|bin)$/.test(path) ? 'lfs' : 'regular',
  }));
  return { status: 200, body: { files: modes } };
}

function refused(status: number, error: string): Answer {
  return { status, body: { error } };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  return Buffer.concat(parts);
}
