import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Requester } from '../../../src/hub/requester';
import { uploadModel, type UploadProgress } from '../../../src/hub/upload';
import { uploadFetch } from '../../../src/hub/upload_requests';
import { checkUpload } from '../../../src/hub/upload_target';
import { startHub, type RunningHub } from '../../hub/server';
import { hubAt, randomBytes } from './world';

const TOKEN = 'hf_writer';
const PART = 60_000;
const weights = randomBytes(200_000, 1);
const adapter = randomBytes(5_000, 2);
const files = [
  { path: 'README.md', content: new Blob(['# A model']) },
  { path: 'onnx/model.onnx', content: new Blob([adapter]) },
  { path: 'model.safetensors', content: new Blob([weights]) },
];
const request = { repo: 'anna/tuned', isPrivate: true, update: false, files, title: 'Add a model' };

let server: RunningHub;
beforeEach(async () => {
  server = await startHub({
    models: [{ repo: 'anna/there', files: { 'old.txt': 'old', 'README.md': 'before' } }],
    writers: { [TOKEN]: ['anna'], not_prefixed: ['anna'], hf_reader: [] },
    partBytes: PART,
  });
});
afterEach(() => server.close());

const puts = (): number => server.requests.filter(({ method }) => method === 'PUT').length;

describe('an upload', () => {
  it('creates a private repository with all files, large ones in parts', async () => {
    const progress: UploadProgress[] = [];
    const hub = hubAt(server.url, { token: TOKEN });
    const uploaded = await uploadModel(hub, request, { onProgress: (each) => progress.push(each) });
    expect(uploaded.address).toBe(`${server.url}/anna/tuned`);
    const stored = server.filesOf('anna/tuned')!;
    expect(Object.keys(stored).sort()).toEqual(files.map(({ path }) => path).sort());
    expect(Buffer.compare(stored['model.safetensors']!, weights)).toBe(0);
    expect(Buffer.compare(stored['onnx/model.onnx']!, adapter)).toBe(0);
    expect(Buffer.from(stored['README.md']!).toString()).toBe('# A model');
    expect(server.visibilityOf('anna/tuned')).toBe('private');
    expect(puts()).toBe(1 + Math.ceil(weights.length / PART));
    const total = weights.length + adapter.length + 9;
    expect(progress.at(-1)).toEqual({
      doing: 'committing',
      path: undefined,
      bytes: total,
      totalBytes: total,
    });
    expect(progress.filter(({ doing }) => doing === 'uploading').at(-1)!.bytes).toBe(total - 9);
  });

  it('sends large files to Xet in pieces, if the Hub asks for that, and no file twice', async () => {
    const xet = await startHub({ models: [], writers: { [TOKEN]: ['anna'] }, xet: true });
    try {
      const progress: UploadProgress[] = [];
      const hub = hubAt(xet.url, { token: TOKEN });
      await uploadModel(hub, request, { onProgress: (each) => progress.push(each) });
      const stored = xet.filesOf('anna/tuned')!;
      expect(Buffer.compare(stored['model.safetensors']!, weights)).toBe(0);
      expect(Buffer.compare(stored['onnx/model.onnx']!, adapter)).toBe(0);
      const total = weights.length + adapter.length;
      expect(progress.filter(({ doing }) => doing === 'uploading').at(-1)!.bytes).toBe(total);
      const pieces = xet.requests.filter(({ host, method }) => host === 'files' && method === 'POST');
      expect(pieces.length).toBeGreaterThan(0);
      // The store has a token of its own.
      for (const { authorization } of pieces) expect(authorization).not.toContain(TOKEN);
      xet.requests.splice(0);
      await uploadModel(hub, { ...request, update: true });
      expect(xet.requests.filter(({ host }) => host === 'files')).toEqual([]);
    } finally {
      await xet.close();
    }
  });

  it('gives the token to the endpoint only', async () => {
    await uploadModel(hubAt(server.url, { token: 'not_prefixed' }), { ...request, isPrivate: false });
    expect(server.visibilityOf('anna/tuned')).toBe('public');
    for (const { host, authorization } of server.requests) {
      expect(authorization).toBe(host === 'hub' ? 'Bearer not_prefixed' : undefined);
    }
  });

  it('goes on after cut connections, and sends no file twice', async () => {
    const hub = hubAt(server.url, { token: TOKEN });
    server.cutUpload = (upload) => upload % 2 === 0;
    await uploadModel(hub, request);
    expect(hub.slept.length).toBeGreaterThan(0);
    expect(Buffer.compare(server.filesOf('anna/tuned')!['model.safetensors']!, weights)).toBe(0);
    const before = puts();
    await uploadModel(hub, { ...request, update: true });
    expect(puts()).toBe(before);
  });

  it('continues in a second attempt with the files that are still missing', async () => {
    // The pauses give the small file time to arrive.
    const sleep = (_: number, signal?: AbortSignal) => wait(30, undefined, { signal });
    const hub = hubAt(server.url, { token: TOKEN, sleep });
    // Only the small file arrives.
    server.cutUpload = (_, bytes) => bytes > adapter.length;
    await expect(uploadModel(hub, request)).rejects.toMatchObject({ code: 'endpoint_unreachable' });
    expect(server.filesOf('anna/tuned')).toEqual({});
    server.cutUpload = undefined;
    await uploadModel(hub, request);
    const small = `/uploads/${createHash('sha256').update(adapter).digest('hex')}`;
    expect(server.requests.filter(({ url }) => url === small).length).toBe(1);
    expect(Object.keys(server.filesOf('anna/tuned')!).length).toBe(3);
  });

  it('replaces files of an existing repository only if that is allowed', async () => {
    const hub = hubAt(server.url, { token: TOKEN });
    const there = { ...request, repo: 'anna/there' };
    await expect(uploadModel(hub, there)).rejects.toMatchObject({ code: 'repository_exists' });
    expect(Object.keys(server.filesOf('anna/there')!)).toEqual(['old.txt', 'README.md']);
    const update = { ...there, isPrivate: false, update: true };
    await uploadModel(hub, update);
    const stored = server.filesOf('anna/there')!;
    expect(Buffer.from(stored['README.md']!).toString()).toBe('# A model');
    expect(Buffer.from(stored['old.txt']!).toString()).toBe('old');
  });

  it('puts no private files into a public repository', async () => {
    const hub = hubAt(server.url, { token: TOKEN });
    const there = { ...request, repo: 'anna/there', update: true };
    await expect(uploadModel(hub, there)).rejects.toMatchObject({ code: 'repository_public' });
    expect(puts()).toBe(0);
    await uploadModel(hub, request);
    await uploadModel(hub, { ...request, update: true });
  });

  it.each([
    ['no token', {}, request, 'upload_no_token'],
    ['a wrong token', { token: 'hf_wrong' }, request, 'token_refused'],
    ['a token that can only read', { token: 'hf_reader' }, request, 'upload_refused'],
    ['another owner’s name', { token: TOKEN }, { ...request, repo: 'berta/tuned' }, 'upload_refused'],
    ['a name without owner', { token: TOKEN }, { ...request, repo: 'tuned' }, 'repository_name'],
  ])('with %s ends before anything is sent', async (_, more, asked, code) => {
    await expect(uploadModel(hubAt(server.url, more), asked)).rejects.toMatchObject({ code });
    expect(puts()).toBe(0);
  });

  it('is not offered for ModelScope', async () => {
    const hub = hubAt('https://www.modelscope.cn', { token: TOKEN });
    await expect(uploadModel(hub, request)).rejects.toMatchObject({ code: 'upload_not_offered' });
  });

  it('stops, and leaves the repository as it was', async () => {
    const stop = new AbortController();
    const stopped = uploadModel(hubAt(server.url, { token: TOKEN }), request, {
      signal: stop.signal,
      onProgress: ({ doing }) => {
        if (doing === 'uploading') stop.abort();
      },
    });
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
    expect(server.filesOf('anna/tuned')).toEqual({});
  });
});

describe('an upload that is not prepared yet', () => {
  const target = { repo: 'anna/tuned', isPrivate: true, update: false };
  const there = { ...target, repo: 'anna/there', isPrivate: false };

  it.each([
    ['no token', {}, target, 'upload_no_token'],
    ['a wrong token', { token: 'hf_wrong' }, target, 'token_refused'],
    ['a token that can only read', { token: 'hf_reader' }, target, 'upload_refused'],
    ['a name without owner', { token: TOKEN }, { ...target, repo: 'tuned' }, 'repository_name'],
    ['the name of another model', { token: TOKEN }, there, 'repository_exists'],
    [
      'a private wish for public files',
      { token: TOKEN },
      { ...there, isPrivate: true, update: true },
      'repository_public',
    ],
  ])('is refused with %s', async (_, more, asked, code) => {
    await expect(checkUpload(hubAt(server.url, more), asked)).rejects.toMatchObject({ code });
  });

  it('is allowed for a new name, and for an update', async () => {
    const hub = hubAt(server.url, { token: TOKEN });
    await checkUpload(hub, target);
    await checkUpload(hub, { ...there, update: true });
    expect(server.filesOf('anna/tuned')).toBeUndefined();
    expect(server.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  it('is allowed by a mirror that does not know whose a token is', async () => {
    const without: typeof fetch = (input, init) =>
      new Request(input).url.endsWith('/whoami-v2')
        ? Promise.resolve(new Response('', { status: 404 }))
        : fetch(input, init);
    await checkUpload(hubAt(server.url, { token: TOKEN, fetch: without }), target);
  });

  it('is refused at once without a network', async () => {
    server.offline = true;
    const checked = checkUpload(hubAt(server.url, { token: TOKEN }), target);
    await expect(checked).rejects.toMatchObject({ code: 'endpoint_unreachable' });
  });
});

describe('the requests of an upload', () => {
  const asked: (AbortSignal | null | undefined)[] = [];
  const answering = (status: number) =>
    uploadFetch(
      new Requester(
        hubAt('https://hub.example', {
          token: TOKEN,
          fetch: (_, init) => {
            asked.push(init?.signal);
            return Promise.resolve(new Response('{"error":"no"}', { status }));
          },
        }),
      ),
      { repo: 'anna/tuned', signal: undefined },
    );

  it('let the library see that a host of large files lacks something', async () => {
    const response = await answering(404)('https://files.example/v1/chunks/default/ab');
    expect(response.status).toBe(404);
    await expect(answering(404)('https://hub.example/api/models/anna/tuned')).rejects.toMatchObject({
      code: 'repository_not_found',
    });
  });

  it('are not repeated at an address that a host of large files refuses', async () => {
    asked.length = 0;
    const refused = answering(403)('https://files.example/part', { method: 'PUT', body: 'x' });
    await expect(refused).rejects.toMatchObject({ code: 'upload_failed' });
    expect(asked.length).toBe(1);
  });

  it('are all stopped by the upload’s signal', async () => {
    const stop = new AbortController();
    let seen: AbortSignal | null | undefined;
    const fetching = uploadFetch(
      new Requester(
        hubAt('https://hub.example', {
          fetch: (_, init) => {
            seen = init?.signal;
            return Promise.resolve(new Response('{}'));
          },
        }),
      ),
      { repo: 'anna/tuned', signal: stop.signal },
    );
    await fetching('https://files.example/xorb', { method: 'POST', signal: new AbortController().signal });
    expect(seen?.aborted).toBe(false);
    stop.abort();
    expect(seen?.aborted).toBe(true);
  });
});
