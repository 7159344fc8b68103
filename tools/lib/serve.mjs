import { realpathSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, relative, sep } from 'node:path';
import sirv from 'sirv';
import { pageHeaders } from './headers.mjs';

/** The names by which a browser on this computer reaches the server: another is a page that had its name pointed here. */
const OWN_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/**
 * What a `Range` header asks for: a range that can be served, one that can't be, or one in a form that is not known here.
 * @param {string | undefined} range
 * @returns {'known' | 'impossible' | 'unknown'}
 */
function rangeKind(range) {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  if (first === undefined) return 'unknown';
  const begin = Number(first);
  const end = last === '' || last === undefined ? begin : Number(last);
  return Number.isSafeInteger(begin) && Number.isSafeInteger(end) && end >= begin ? 'known' : 'impossible';
}

/**
 * Whether an address leads to a file of the folder: none that is hidden, and none that a link leads out to.
 * @param {string} folder its real path
 * @param {string} url
 */
function isInside(folder, url) {
  try {
    const path = decodeURIComponent(new URL(url, 'http://localhost').pathname);
    if (path.split(/[/\\]/).some((part) => part.startsWith('.'))) return false;
    const inside = relative(folder, realpathSync(join(folder, path)));
    return inside !== '..' && !inside.startsWith(`..${sep}`);
  } catch {
    // A malformed address, or no such file.
    return false;
  }
}

/**
 * Serves a folder of static files with the page's headers; nothing outside it, nothing written. It answers no request
 * that names another host, and survives every request.
 * @param {string} folder
 */
export function staticServer(folder) {
  const files = sirv(folder, {
    dev: true, // reads the disk on each request, so that a rebuild shows on reload
    etag: true,
    extensions: ['html'],
    // The build writes compressed copies beside its files.
    brotli: true,
    gzip: true,
    setHeaders: (response) => {
      response.setHeader('Accept-Ranges', 'bytes');
    },
  });
  const real = realpathSync(folder);
  return createServer((request, response) => {
    for (const [name, value] of Object.entries(pageHeaders)) response.setHeader(name, value);
    /** @param {number} status @param {string} text */
    const refuse = (status, text) => {
      response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
    };
    if (!OWN_HOST.test(request.headers.host ?? '')) {
      refuse(421, 'This server answers for localhost alone');
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { Allow: 'GET, HEAD' }).end();
      return;
    }
    const range = rangeKind(request.headers.range);
    if (range === 'impossible') {
      refuse(416, 'No such range');
      return;
    }
    // A server may answer any range with the whole file; sirv knows only one form.
    if (range === 'unknown') delete request.headers.range;
    // A range is one of the file's own bytes.
    if (range === 'known') delete request.headers['accept-encoding'];
    if (!isInside(real, request.url ?? '/')) {
      refuse(404, 'Not found');
      return;
    }
    try {
      files(request, response, () => refuse(404, 'Not found'));
    } catch {
      if (response.headersSent) response.destroy();
      else refuse(400, 'Bad request');
    }
  });
}

/**
 * Serves a folder on localhost.
 * @param {string} folder
 * @param {number} port 0 for any free one
 * @param {number} [tries] how many ports from `port` up to try where one is taken
 * @returns {Promise<{ url: string, close: () => Promise<void> }>}
 */
export async function serve(folder, port, tries = 1) {
  const server = staticServer(folder);
  for (let next = port; ; next++) {
    try {
      await new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen({ port: next, host: 'localhost' }, () => {
          server.off('error', reject);
          resolve(undefined);
        });
      });
      break;
    } catch (error) {
      const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
      if (!taken || next + 1 >= port + tries) throw error;
    }
  }
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  return {
    url: `http://localhost:${address.port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
