import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, root, run } from './run.mjs';

/** The oldest Node that the packages here support. */
const oldestNode = [20, 19];

/** Throws an error with advice if this Node is too old. */
export function checkNode(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = oldestNode;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new Error(
    `Tunesmith needs Node ${oldestNode.join('.')} or newer; this is ${version}. Get it from https://nodejs.org`,
  );
}

/**
 * Whether the packages that npm has installed satisfy the lock file.
 * @typedef {{ packages?: Record<string, { version?: string, optional?: boolean, devOptional?: boolean }> }} Lock
 * @param {Lock} wanted package-lock.json
 * @param {Lock} installed node_modules/.package-lock.json
 */
export function isInstalled(wanted, installed) {
  return Object.entries(wanted.packages ?? {}).every(
    ([path, { version, optional, devOptional }]) =>
      path === '' || optional || devOptional || installed.packages?.[path]?.version === version,
  );
}

/** @param {string} path */
function readLock(path) {
  return /** @type {Lock} */ (existsSync(path) ? readJson(path) : {});
}

/**
 * Runs `npm ci` if node_modules is missing or differs from the lock file. Its output goes to standard error.
 * @param {(line: string) => void} log
 */
export async function ensurePackages(log) {
  const wanted = readLock(join(root, 'package-lock.json'));
  if (isInstalled(wanted, readLock(join(root, 'node_modules', '.package-lock.json')))) return;
  log('Installing packages …');
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  // Under `npm run`, npm_execpath names npm's script; otherwise npm is on the path (a .cmd on Windows, hence the
  // shell).
  const npm = process.env.npm_execpath;
  const { code } = npm?.endsWith('.js')
    ? await run(process.execPath, [npm, ...args], { output: 'stderr' })
    : await run('npm', args, { output: 'stderr', shell: process.platform === 'win32' });
  if (code !== 0) throw new Error('Packages could not be installed: `npm ci` failed. Its message is above.');
}
