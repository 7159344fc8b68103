import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bin, root, run } from './run.mjs';

/** The targets, the files and folders that each is built from, and the file that proves that it was built. */
const targets = {
  page: {
    name: 'the page',
    args: ['build'],
    sources: [
      'index.html',
      'src',
      'shaders',
      'public',
      'vite.config.ts',
      'svelte.config.js',
      'tools/lib/headers.mjs',
      'tools/lib/notices.mjs',
      'tools/lib/offline.mjs',
    ],
    result: 'dist/index.html',
  },
  cli: {
    name: 'the command line',
    args: ['build', '--config', 'vite.cli.config.ts'],
    sources: ['src', 'shaders', 'vite.cli.config.ts'],
    result: 'build/cli/main.js',
  },
};

/**
 * A hash of every name and byte below the given paths. It uses contents, not times, so that a fresh clone or a checkout
 * back and forth gives the right answer.
 * @param {string[]} paths relative to the repository
 */
function fingerprint(paths) {
  const hash = createHash('sha256');
  /** @param {string} path */
  const add = (path) => {
    const full = join(root, path);
    if (!existsSync(full)) return;
    if (statSync(full).isDirectory())
      readdirSync(full)
        .sort()
        .forEach((name) => add(`${path}/${name}`));
    else hash.update(`${path}\0`).update(readFileSync(full));
  };
  paths.forEach(add);
  return hash.digest('hex');
}

/**
 * Builds a target if it is missing or was built from other sources. All output goes to standard error.
 * @param {keyof typeof targets} target
 * @param {(line: string) => void} log
 * @returns {Promise<string>} the path of its main file
 */
export async function ensureBuilt(target, log) {
  const { name, args, sources, result } = targets[target];
  const built = join(root, result);
  const stamp = join(root, '.cache', `${target}.built`);
  const current = fingerprint([...sources, 'package-lock.json']);
  if (existsSync(built) && existsSync(stamp) && readFileSync(stamp, 'utf8') === current) return built;

  log(`Building ${name} …`);
  rmSync(stamp, { force: true });
  const { code, output } = await run(process.execPath, [bin('vite'), ...args], { output: 'capture' });
  if (code !== 0) throw new Error(`${output}\nBuilding ${name} failed. The message is above.`);
  mkdirSync(join(root, '.cache'), { recursive: true });
  writeFileSync(stamp, current);
  return built;
}
