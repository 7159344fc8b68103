// Serves the built page on localhost and opens it. Uses only Node's own modules until packages are installed.
import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt } from './lib/build.mjs';
import { checkNode, ensurePackages } from './lib/install.mjs';

const usage = 'npm start -- [--port N] [--no-open]';
const log = (/** @type {string} */ line) => console.log(line);

/** Opens an address in the default browser, if the machine has one. */
function open(/** @type {string} */ url) {
  const { CI, DISPLAY, WAYLAND_DISPLAY } = process.env;
  if (CI || (process.platform === 'linux' && !DISPLAY && !WAYLAND_DISPLAY)) return;
  /** @type {Partial<Record<NodeJS.Platform, [string, string[]]>>} */
  const openers = { darwin: ['open', [url]], win32: ['cmd', ['/c', 'start', '', url]] };
  const [program, args] = openers[process.platform] ?? ['xdg-open', [url]];
  const opener = spawn(program, args, { stdio: 'ignore', detached: true });
  opener.on('error', () => log('  No browser could be opened: open the address yourself.\n'));
  opener.unref();
}

/** @returns {{ port?: string, 'no-open'?: boolean }} */
function readOptions() {
  return parseArgs({ options: { port: { type: 'string' }, 'no-open': { type: 'boolean' } } }).values;
}

try {
  checkNode();
  const options = readOptions();
  const port = Number(options.port ?? 5173);
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new Error(`--port ${options.port} is no port. ${usage}`);
  await ensurePackages(log);
  const page = await ensureBuilt('page', log);
  const { serve } = await import('./lib/serve.mjs');
  // A port given by the person is used or fails; the default port may be replaced by the next free one.
  const { url, close } = await serve(dirname(page), port, options.port === undefined ? 100 : 1);
  log(`\n  Tunesmith is at ${url}\n  Ctrl-C stops it.\n`);
  if (!options['no-open']) open(url);
  const stop = () => void close().then(() => process.exit(0));
  process.on('SIGINT', stop).on('SIGTERM', stop);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
