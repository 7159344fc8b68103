import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { root, run } from './run.mjs';

/** The file that lists the packages in which Python's programs open exports. */
const REQUIREMENTS = join(root, 'tests', 'exports', 'python', 'requirements.txt');

/** @param {string} folder */
const interpreter = (folder) =>
  process.platform === 'win32' ? join(folder, 'Scripts', 'python.exe') : join(folder, 'bin', 'python');

/**
 * The path of a Python with PyTorch, transformers, peft and onnxruntime-genai: the one that TUNESMITH_PYTHON names, or a
 * virtual environment outside of the repository, which is made the first time.
 * @param {(line: string) => void} log
 * @returns {Promise<string | undefined>} undefined if it can't be made
 */
export async function ensurePython(log) {
  const named = process.env.TUNESMITH_PYTHON;
  if (named) return named;
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tunesmith');
  const hash = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  const folder = join(cache, `python-${hash}`);
  // The marker comes last: an interrupted installation has none.
  const marker = join(folder, 'complete');
  if (existsSync(marker)) return interpreter(folder);
  log('Installing PyTorch, transformers, peft and onnxruntime-genai for Python …');
  rmSync(folder, { recursive: true, force: true });
  const python = process.platform === 'win32' ? 'python' : 'python3';
  const steps = [
    [python, '-m', 'venv', folder],
    [interpreter(folder), '-m', 'pip', 'install', '--quiet', '--requirement', REQUIREMENTS],
  ];
  for (const [program = '', ...args] of steps) {
    const { code, output } = await run(program, args, { output: 'capture', timeout: 1_800_000 });
    if (code === 0) continue;
    log(output.trim().split('\n').at(-1) ?? `${program} failed.`);
    return undefined;
  }
  writeFileSync(marker, '');
  return interpreter(folder);
}
