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
 * @typedef {{ version?: string, optional?: boolean, devOptional?: boolean, dev?: boolean }} Locked
 * @typedef {{ packages?: Record<string, Locked> }} Lock
 * @param {Lock} wanted package-lock.json
 * @param {Lock} installed node_modules/.package-lock.json
 * @param {object} [options]
 * @param {boolean} [options.dev] whether the packages of devDependencies are wanted too
 */
export function isInstalled(wanted, installed, { dev: withDev = true } = {}) {
  return Object.entries(wanted.packages ?? {}).every(
    ([path, { version, optional, devOptional, dev }]) =>
      path === '' ||
      optional ||
      devOptional ||
      (dev && !withDev) ||
      installed.packages?.[path]?.version === version,
  );
}

/** @param {string} path */
function readLock(path) {
  return /** @type {Lock} */ (existsSync(path) ? readJson(path) : {});
}

/** @param {string} folder @param {{ dev?: boolean }} [options] */
function folderIsInstalled(folder, options) {
  const wanted = readLock(join(folder, 'package-lock.json'));
  return isInstalled(wanted, readLock(join(folder, 'node_modules', '.package-lock.json')), options);
}

/**
 * Runs `npm ci`. Its output goes to standard error.
 * @param {string[]} more arguments
 */
async function npmCi(more) {
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error', ...more];
  // Under `npm run`, npm_execpath names npm's script; otherwise npm is on the path (a .cmd on Windows, hence the
  // shell).
  const npm = process.env.npm_execpath;
  const { code } = npm?.endsWith('.js')
    ? await run(process.execPath, [npm, ...args], { output: 'stderr' })
    : await run('npm', args, { output: 'stderr', shell: process.platform === 'win32' });
  return code === 0;
}

/**
 * Runs `npm ci` if node_modules is missing or differs from the lock file.
 * @param {(line: string) => void} log
 */
export async function ensurePackages(log) {
  if (folderIsInstalled(root)) return;
  log('Installing packages …');
  if (!(await npmCi([])))
    throw new Error('Packages could not be installed: `npm ci` failed. Its message is above.');
}

/**
 * Installs the programs that open exports, which have a package.json of their own, if they are missing or differ from
 * its lock file.
 * @param {(line: string) => void} log
 * @param {object} options
 * @param {boolean} options.all also those of the large part
 * @returns {Promise<boolean>} whether they are installed
 */
export async function installExportPrograms(log, { all }) {
  const folder = join(root, 'tests', 'exports');
  if (folderIsInstalled(folder, { dev: all })) return true;
  log(`Installing the programs that open exports${all ? '' : ' (small part)'} …`);
  // The optional packages are builds for other systems and for graphics cards. The package of Linux on x86-64 is a
  // dependency of its own; other systems take npm's choice among the optional ones.
  const ownBuild = process.platform === 'linux' && process.arch === 'x64';
  const builds = ownBuild ? ['--omit=optional'] : ['--force'];
  const parts = all ? [] : ['--omit=dev'];
  return npmCi(['--prefix', folder, '--ignore-scripts', ...builds, ...parts]);
}
