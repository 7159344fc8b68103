import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request, type IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serve } from '../../../tools/lib/serve.mjs';

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

const LONG = 'export const long = 1;\n'.repeat(100);
const folder = mkdtempSync(join(tmpdir(), 'tunesmith-serve-'));
let server: Awaited<ReturnType<typeof serve>>;

beforeAll(async () => {
  const site = join(folder, 'site');
  mkdirSync(join(site, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'secret.txt'), 'secret');
  mkdirSync(join(folder, 'site-private'));
  writeFileSync(join(folder, 'site-private', 'secret.txt'), 'secret');
  writeFileSync(join(site, 'index.html'), '<title>Home</title>');
  writeFileSync(join(site, 'assets', 'app.js'), 'export {};');
  writeFileSync(join(site, 'assets', 'data.bin'), '0123456789');
  writeFileSync(join(site, 'assets', 'long.js'), LONG);
  writeFileSync(join(site, 'assets', 'long.js.br'), brotliCompressSync(LONG));
  writeFileSync(join(site, 'assets', 'long.js.gz'), gzipSync(LONG));
  writeFileSync(join(site, 'assets', 'module.wasm'), '');
  writeFileSync(join(site, '.env'), 'secret');
  mkdirSync(join(site, '.git'));
  writeFileSync(join(site, '.git', 'config'), 'secret');
  symlinkSync(join(folder, 'secret.txt'), join(site, 'link.txt'));
  server = await serve(site, 0);
});

afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

/** Sends the path as it is written: `fetch` would tidy it first. */
function send(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path, method, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    })
      .on('error', reject)
      .end();
  });
}

describe('the static server', () => {
  it('serves the page at the root, isolated from other origins', async () => {
    const { status, headers, body } = await send('/');
    expect(status).toBe(200);
    expect(body).toBe('<title>Home</title>');
    expect(headers['content-type']).toMatch(/^text\/html; ?charset=utf-8$/);
    expect(headers['cross-origin-opener-policy']).toBe('same-origin');
    expect(headers['cross-origin-embedder-policy']).toBe('require-corp');
    expect(headers['cross-origin-resource-policy']).toBe('same-origin');
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  it('names the types that browsers insist on', async () => {
    expect((await send('/assets/app.js')).headers['content-type']).toMatch(/^text\/javascript/);
    expect((await send('/assets/module.wasm')).headers['content-type']).toBe('application/wasm');
  });

  it.each([
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e%2fsecret.txt',
    '/..\\secret.txt',
    '/..%5csecret.txt',
    '/../site-private/secret.txt',
    '//../secret.txt',
    '/assets/%00/../../../secret.txt',
    '/%E0%A4%A',
    '/.env',
    '/.git/config',
    '/link.txt',
  ])('serves nothing outside its folder: %s', async (path) => {
    const { status, body } = await send(path);
    expect(status).toBe(404);
    expect(body).not.toContain('secret');
  });

  it('answers a missing file and a folder with 404, and isolates that too', async () => {
    expect((await send('/assets/missing.js')).status).toBe(404);
    const { status, headers } = await send('/assets/');
    expect(status).toBe(404);
    expect(headers['cross-origin-embedder-policy']).toBe('require-corp');
  });

  it('serves ranges', async () => {
    const middle = await send('/assets/data.bin', { range: 'bytes=2-5' });
    expect(middle).toMatchObject({ status: 206, body: '2345' });
    expect(middle.headers['content-range']).toBe('bytes 2-5/10');
    expect(await send('/assets/data.bin', { range: 'bytes=7-' })).toMatchObject({ status: 206, body: '789' });
    expect((await send('/assets/data.bin', { range: 'bytes=10-12' })).status).toBe(416);
  });

  it.each(['br', 'gzip'])('sends the copy that the build compressed with %s', async (encoding) => {
    const { status, headers } = await send('/assets/long.js', { 'accept-encoding': encoding });
    expect(status).toBe(200);
    expect(headers['content-encoding']).toBe(encoding);
    expect(headers['content-type']).toMatch(/^text\/javascript/);
    expect(headers.vary).toBe('Accept-Encoding');
    expect(Number(headers['content-length'])).toBeLessThan(LONG.length / 10);
  });

  it('sends the uncompressed file if the client accepts nothing else, or if there is no copy', async () => {
    const plain = await send('/assets/long.js');
    expect(plain.body).toBe(LONG);
    expect(plain.headers.vary).toBe('Accept-Encoding');
    const small = await send('/assets/app.js', { 'accept-encoding': 'br, gzip' });
    expect(small).toMatchObject({ status: 200, body: 'export {};' });
    expect(small.headers['content-encoding']).toBeUndefined();
  });

  it('cuts ranges out of the file, not out of its copy', async () => {
    const part = await send('/assets/long.js', { range: 'bytes=7-11', 'accept-encoding': 'br, gzip' });
    expect(part).toMatchObject({ status: 206, body: 'const' });
    expect(part.headers['content-encoding']).toBeUndefined();
    expect(part.headers['content-range']).toBe(`bytes 7-11/${LONG.length}`);
  });

  it.each(['bytes=5-2', 'bytes=0-9007199254740993', 'bytes=99999999999999999999-'])(
    'refuses the range %s and goes on',
    async (range) => {
      expect((await send('/assets/data.bin', { range })).status).toBe(416);
      expect(await send('/assets/data.bin')).toMatchObject({ status: 200, body: '0123456789' });
    },
  );

  it('answers no request for another host', async () => {
    expect((await send('/', { host: 'evil.example' })).status).toBe(421);
    expect((await send('/', { host: 'localhost.evil.example:5173' })).status).toBe(421);
    expect((await send('/', { host: '127.0.0.1:5173' })).status).toBe(200);
  });

  it('keeps the page out of frames, and sends its policy', async () => {
    const { headers } = await send('/');
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'.*frame-ancestors 'none'$/);
    expect(headers).toMatchObject({ 'x-frame-options': 'DENY', 'referrer-policy': 'no-referrer' });
  });

  it.each(['bytes=-3', 'bytes=0-1,4-5', 'lines=1-2'])(
    'answers the range %s with the whole file',
    async (range) => {
      expect(await send('/assets/data.bin', { range })).toMatchObject({ status: 200, body: '0123456789' });
    },
  );

  it('answers HEAD with the headers alone and refuses to write', async () => {
    const head = await send('/assets/data.bin', {}, 'HEAD');
    expect(head).toMatchObject({ status: 200, body: '' });
    expect(head.headers['content-length']).toBe('10');
    expect((await send('/assets/data.bin', {}, 'PUT')).status).toBe(405);
  });

  it('spares a browser what it has', async () => {
    const { headers } = await send('/assets/data.bin');
    expect((await send('/assets/data.bin', { 'if-none-match': headers.etag ?? '' })).status).toBe(304);
  });

  it('moves on to the next port where one is taken, if it may', async () => {
    const taken = Number(new URL(server.url).port);
    await expect(serve(folder, taken)).rejects.toThrow('EADDRINUSE');
    const next = await serve(folder, taken, 20);
    expect(Number(new URL(next.url).port)).toBeGreaterThan(taken);
    await next.close();
  });
});
