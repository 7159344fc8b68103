import { realpathSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, relative, sep } from 'node:path';
import sirv from 'sirv';
import { pageHeaders } from './headers.mjs';

/**
 * The host names of a browser on this computer. A request with another name comes from a page whose name was made to
 * resolve to this server.
 */
const OWN_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

/**
 * Classifies a `Range` header: a range that can be served, an impossible one, or one in an unknown form.
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
 * Whether an address leads to a file of the folder that is neither hidden nor reached through a link out of it.
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
 * Serves a folder of static files with the page's headers; It serves nothing outside of the folder and writes nothing.
 * It refuses requests for other host names, and no request stops it.
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
    // Ranges refer to the uncompressed file.
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
 * @param {number} [tries] how many ports from `port` up to try if one is taken
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
