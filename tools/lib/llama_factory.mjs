import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { root, run } from './run.mjs';

/** LLaMA-Factory with the packages that it pins to older versions than the other tests use. */
const REQUIREMENTS = join(root, 'tests', 'exports', 'python', 'llamafactory.txt');

/**
 * A folder for PYTHONPATH with LLaMA-Factory, made the first time. All that its parser needs besides comes from the
 * Python that opens exports.
 * @param {string} python
 * @returns {Promise<string>}
 */
export async function ensureLlamaFactory(python) {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tunesmith');
  const hash = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  const folder = join(cache, `llamafactory-${hash}`);
  // The marker comes last: an interrupted installation has none.
  const marker = join(folder, 'complete');
  if (existsSync(marker)) return folder;
  rmSync(folder, { recursive: true, force: true });
  const args = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--no-deps',
    '--target',
    folder,
    '--requirement',
    REQUIREMENTS,
  ];
  const { code, output } = await run(python, args, { output: 'capture', timeout: 600_000 });
  if (code !== 0)
    throw new Error(`LLaMA-Factory can’t be installed: ${output.trim().split('\n').at(-1) ?? ''}`);
  writeFileSync(marker, '');
  return folder;
}
