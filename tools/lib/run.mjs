import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds package.json. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/**
 * @param {string} path
 * @returns {unknown}
 */
export const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/**
 * The script of an installed package's command, so that the same Node can run it on every system.
 * @param {string} packageName
 * @param {string} [command] defaults to the package's name
 */
export function bin(packageName, command = packageName) {
  const folder = join(root, 'node_modules', packageName);
  const manifest = /** @type {{ bin: string | Record<string, string> }} */ (
    readJson(join(folder, 'package.json'))
  );
  return join(folder, typeof manifest.bin === 'string' ? manifest.bin : (manifest.bin[command] ?? ''));
}

/**
 * Runs a program to its end.
 * @param {string} program
 * @param {string[]} args
 * @param {object} [options]
 * @param {'inherit' | 'stderr' | 'capture'} [options.output] where its output goes; 'stderr' keeps ours clean
 * @param {NodeJS.ProcessEnv} [options.env] added to this process's environment
 * @param {number} [options.timeout] milliseconds, after which it and its children are killed
 * @param {AbortSignal} [options.signal] kills it and its children
 * @param {boolean} [options.shell]
 * @returns {Promise<{ code: number, output: string, timedOut: boolean }>} code is 1 if it could not start or was killed
 */
export function run(
  program,
  args,
  { output = 'inherit', env = {}, timeout = 0, signal, shell = false } = {},
) {
  const ownGroup = (timeout > 0 || signal !== undefined) && process.platform !== 'win32';
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, ...env },
    shell,
    // A process group of its own, so that it can be killed with its children.
    detached: ownGroup,
    stdio: output === 'capture' ? ['ignore', 'pipe', 'pipe'] : ['ignore', output === 'stderr' ? 2 : 1, 2],
  });
  let captured = '';
  let timedOut = false;
  child.stdout?.on('data', (chunk) => (captured += String(chunk)));
  child.stderr?.on('data', (chunk) => (captured += String(chunk)));

  const kill = () => {
    if (child.pid === undefined) return;
    try {
      process.kill(ownGroup ? -child.pid : child.pid, 'SIGKILL');
    } catch {
      // It has already ended.
    }
  };
  const expire = () => {
    timedOut = true;
    kill();
  };
  const timer = timeout > 0 ? setTimeout(expire, timeout) : undefined;
  signal?.addEventListener('abort', expire, { once: true });
  const interrupted = () => {
    kill();
    process.exit(130);
  };
  if (ownGroup) process.once('SIGINT', interrupted).once('SIGTERM', interrupted);

  return new Promise((resolve) => {
    /** @param {number} code */
    const end = (code) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', expire);
      process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
      resolve({ code, output: captured, timedOut });
    };
    child.on('error', (error) => {
      captured += error.message;
      end(1);
    });
    child.on('close', (code) => end(code ?? 1));
  });
}
