import { createServer } from 'node:http';
import sirv from 'sirv';
import { isolationHeaders } from './headers.mjs';

/**
 * Serves a folder of static files with the headers of cross-origin isolation; nothing outside it, nothing written.
 * @param {string} folder
 */
export function staticServer(folder) {
  const files = sirv(folder, {
    dev: true, // reads the disk on each request, so that a rebuild shows on reload
    etag: true,
    extensions: ['html'],
    setHeaders: (response) => {
      response.setHeader('Accept-Ranges', 'bytes');
      response.setHeader('X-Content-Type-Options', 'nosniff');
    },
  });
  return createServer((request, response) => {
    for (const [name, value] of Object.entries(isolationHeaders)) response.setHeader(name, value);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { Allow: 'GET, HEAD' }).end();
      return;
    }
    // A server may answer any range with the whole file; sirv knows only this form.
    if (!/^bytes=\d+-\d*$/.test(request.headers.range ?? '')) delete request.headers.range;
    files(request, response, () => {
      response.writeHead(404, { 'Content-Type': 'text/plain; charset=utf-8' }).end('Not found\n');
    });
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
