import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';
import { build } from 'vite';
import { pageHeaders } from './headers.mjs';
import { root } from './run.mjs';

const WORKER = 'sw.js';
/** Files that compression makes clearly smaller. */
const COMPRESSIBLE = /\.(js|css|html|svg|json|jsonl|txt|webmanifest)$/;
/** Large programs that few visitors need: the service worker stores them after their first use. */
const LATE = /\.wasm$/;
/** Compressing a smaller file saves no packet. */
const COMPRESSIBLE_BYTES = 1024;

/**
 * The files below a folder by their path, without those that the page never requests.
 * @param {string} folder
 */
function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== '_headers' && !/\.(br|gz)$/.test(entry.name))
    .map(({ parentPath, name }) =>
      join(parentPath, name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();
}

/**
 * Writes the service worker into a built page, with the list of its files and their hashes. A page with other files has
 * another worker, so browsers notice a new version.
 * @param {string} folder the built page
 */
export async function writeServiceWorker(folder) {
  const files = filesOf(folder)
    .filter((path) => path !== WORKER)
    .map((path) => ({
      path: path === 'index.html' ? '' : path,
      sha256: createHash('sha256')
        .update(readFileSync(join(folder, path)))
        .digest('base64'),
      ...(LATE.test(path) && { late: true }),
    }));
  await build({
    configFile: false,
    publicDir: false,
    logLevel: 'warn',
    define: { BUILT_PAGE: JSON.stringify({ files, headers: pageHeaders }) },
    build: {
      target: 'esnext',
      outDir: folder,
      emptyOutDir: false,
      lib: {
        entry: join(root, 'src', 'offline', 'service_worker.ts'),
        formats: ['iife'],
        name: 'worker',
        fileName: () => WORKER,
      },
    },
  });
}

/**
 * Writes .br and .gz copies of files that get smaller. The local server and many hosts send these.
 * @param {string} folder the built page
 */
async function compressFiles(folder) {
  const compress = async (/** @type {string} */ path) => {
    const file = join(folder, path);
    const bytes = readFileSync(file);
    if (bytes.length < COMPRESSIBLE_BYTES) return;
    const params = { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
    writeFileSync(`${file}.br`, await promisify(brotliCompress)(bytes, { params }));
    writeFileSync(`${file}.gz`, await promisify(gzip)(bytes, { level: 9 }));
  };
  await Promise.all(
    filesOf(folder)
      .filter((path) => COMPRESSIBLE.test(path))
      .map(compress),
  );
}

/**
 * Makes the built page work without a network, and adds compressed copies of its files.
 * @returns {import('vite').Plugin}
 */
export function offlinePage() {
  let folder = '';
  return {
    name: 'offline-page',
    apply: 'build',
    configResolved: ({ root, build: { outDir } }) => {
      folder = resolve(root, outDir);
    },
    closeBundle: {
      // All files are written by then, including those of public/.
      order: 'post',
      async handler() {
        await writeServiceWorker(folder);
        await compressFiles(folder);
      },
    },
  };
}
