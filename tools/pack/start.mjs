// Started by ./bench with the packed Node: finds the GPU's driver, runs the bench, and keeps its output under results/.
import { spawn, spawnSync } from 'node:child_process';
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { driverCandidates, loads, missingLibraries } from './libraries.mjs';

const app = dirname(fileURLToPath(import.meta.url));
const lib = join(dirname(app), 'lib');
const results = join(dirname(app), 'results');
const scratch = mkdtempSync(join(tmpdir(), 'tunesmith-bench-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
const PROBE_MILLISECONDS = 60_000;
const PYTORCH_MILLISECONDS = 180_000;

/** @typedef {{ name: string, software: boolean }} Adapter */

/**
 * The adapter that Dawn uses with these variables, or why it has none.
 * @param {NodeJS.ProcessEnv} env
 * @returns {Adapter | string}
 */
function probe(env) {
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, [join(app, 'probe-dawn.mjs')], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
    timeout: PROBE_MILLISECONDS,
  });
  if (status === 0) {
    const adapter = /** @type {unknown} */ (JSON.parse(stdout));
    return /** @type {Adapter} */ (adapter);
  }
  return stderr.trim().split('\n').slice(-4).join('\n') || (signal ? `ended by ${signal}` : 'no adapter');
}

/** @returns {{ env: NodeJS.ProcessEnv, adapter: Adapter }} of a GPU, or of a software adapter if there is none */
function findAdapter() {
  const inherited = process.env.LD_LIBRARY_PATH ?? '';
  const folders = missingLibraries(lib);
  const dawn = join(app, 'node_modules/webgpu/dist/linux-x64/dawn.node');
  // A system may have the C++ library that Node needs, but not one as new as Dawn needs.
  if (!loads(dawn)) folders.push(join(lib, 'libstdc++.so.6'), join(lib, 'libgcc_s.so.1'));
  const libraries = [inherited, ...new Set(folders)].filter((part) => part !== '').join(':');
  const common = { XDG_RUNTIME_DIR: process.env.XDG_RUNTIME_DIR ?? tmpdir() };
  const usual = { ...common, LD_LIBRARY_PATH: libraries };
  // If the environment names a driver, no other is tried.
  const others = process.env.VK_DRIVER_FILES === undefined ? driverCandidates(scratch, libraries) : [];
  /** @type {ReturnType<typeof findAdapter> | undefined} */
  let software;
  const failures = new Set();
  for (const env of [usual, ...others.map((other) => ({ ...common, ...other }))]) {
    const adapter = probe(env);
    if (typeof adapter === 'string') failures.add(adapter);
    else if (adapter.software) software ??= { env, adapter };
    else return { env, adapter };
  }
  if (software) return software;
  throw new Error(
    `No GPU was found that Vulkan can use. Install the driver of this machine's GPU; where it is installed in an unusual ` +
      `place, name its manifest in VK_DRIVER_FILES and its libraries' folder in LD_LIBRARY_PATH.\n${[...failures].join('\n')}`,
  );
}

/**
 * Runs a program to its end; shows its output, and also writes it to `log` if given.
 * @param {string} program
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @param {string} [log]
 * @returns {Promise<number>} its exit code
 */
function run(program, args, env, log) {
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', log === undefined ? 'inherit' : 'pipe', 'inherit'],
  });
  if (log !== undefined) {
    const file = createWriteStream(log);
    child.stdout?.on('data', (/** @type {Buffer} */ chunk) => {
      process.stdout.write(chunk);
      file.write(chunk);
    });
    child.on('close', () => file.end());
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

/** @param {string} name */
const fileName = (name) =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');

/** The steps for PyTorch: a row of 1,024 tokens, as in the bench itself. */
const PYTORCH_STEPS = [
  ...['SmolLM2-135M', 'Qwen2.5-0.5B', 'Llama-3.2-1B', 'Qwen2.5-1.5B'].map((model) => [
    model,
    '--checkpointing',
  ]),
  ['Qwen2.5-0.5B'],
  ['Qwen2.5-0.5B', '--checkpointing', '--4bit'],
];

/**
 * Measures the same steps in PyTorch, if this machine's Python has it with a CUDA device. Reports and leaves out steps
 * that can't run.
 * @param {string} path of the JSON file to write
 * @returns {boolean} whether the file was written
 */
function measurePyTorch(path) {
  const check = 'import sys, torch, transformers, peft; sys.exit(0 if torch.cuda.is_available() else 1)';
  if (spawnSync('python3', ['-c', check], { stdio: 'ignore' }).status !== 0) {
    console.error(
      'No python3 here has torch with a CUDA device, transformers and peft: PyTorch is left out.',
    );
    return false;
  }
  const runs = [];
  for (const [model = '', ...settings] of PYTORCH_STEPS) {
    const args = ['--model', model, '--length', '1024', ...settings];
    console.error(`PyTorch: ${args.join(' ')}`);
    const { status, stdout, stderr } = spawnSync('python3', [join(app, 'pytorch.py'), ...args], {
      encoding: 'utf8',
      timeout: PYTORCH_MILLISECONDS,
    });
    if (status === 0) runs.push(/** @type {unknown} */ (JSON.parse(stdout)));
    else console.error(`  ${stderr.trim().split('\n').at(-1) || 'took too long'}`);
  }
  if (runs.length === 0) return false;
  writeFileSync(path, `${JSON.stringify(runs, null, 1)}\n`);
  return true;
}

async function main() {
  const [command = '', ...rest] = process.argv.slice(2);
  const args = process.argv.slice(2);
  if (args.some((arg) => arg === '--help' || arg.startsWith('--show'))) {
    const script = command === 'profile' ? 'profile.js' : 'main.js';
    return await run(process.execPath, [join(app, script), ...(command === 'profile' ? rest : args)], {});
  }
  const { env, adapter } = findAdapter();
  mkdirSync(results, { recursive: true });
  const machine = join(results, fileName(adapter.name) || 'unnamed');
  if (command === 'profile') {
    const trace = ['--trace', `${machine}-profile.json`];
    const log = `${machine}-profile.txt`;
    return await run(process.execPath, [join(app, 'profile.js'), ...trace, ...rest], env, log);
  }
  const version = readFileSync(join(app, 'version'), 'utf8').trim();
  const own = ['--out', `${machine}.json`, '--version', version];
  // Only for a whole run: a person who selects parts does not want PyTorch's.
  const whole = !args.some((arg) => arg.startsWith('--only') || arg.startsWith('--pytorch'));
  const pytorch = `${machine}-pytorch.json`;
  if (whole && measurePyTorch(pytorch)) own.push('--pytorch', pytorch);
  const code = await run(process.execPath, [join(app, 'main.js'), ...own, ...args], env, `${machine}.txt`);
  console.error(`results: ${machine}.json`);
  return code;
}

main().then(
  (code) => process.exit(code),
  (/** @type {unknown} */ error) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  },
);
