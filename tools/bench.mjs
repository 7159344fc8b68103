// Measures how near the engine comes to the device's limits, on Dawn in Node and in Chromium: npm run bench [--
// options]. `--help` lists the options. The name of another program in bench/ runs that program: npm run bench --
// base_cache
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { benchInBrowser } from './lib/bench_page.mjs';
import { buildBench } from './lib/bench.mjs';
import { checkNode, ensurePackages } from './lib/install.mjs';
import { readJson, root, run } from './lib/run.mjs';
import { vulkanEnvironment } from './lib/vulkan.mjs';

/** @param {string} line */
const log = (line) => process.stderr.write(`${line}\n`);

/** The options of bench/main.ts, and `in`, which only this program uses. */
const text = /** @type {const} */ ({ type: 'string' });
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    in: { type: 'string', default: 'both' },
    ...{
      only: text,
      without: text,
      models: text,
      tokens: text,
      rounds: text,
      out: text,
      compare: text,
      show: text,
    },
    help: { type: 'boolean', default: false },
  },
});

/** @param {Record<string, string | undefined>} options */
const asArguments = (options) =>
  Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]));

/** The version in package.json and the commit. */
function version() {
  const { version } = /** @type {{ version: string }} */ (readJson(join(root, 'package.json')));
  const { stdout, status } = spawnSync('git', ['describe', '--always', '--dirty'], {
    cwd: root,
    encoding: 'utf8',
  });
  return status === 0 ? `${version} (${stdout.trim()})` : version;
}

async function main() {
  checkNode();
  await ensurePackages(log);
  const [name = 'main'] = positionals;
  const { in: where, help, ...options } = values;
  if (!['node', 'chromium', 'both'].includes(where)) throw new Error('--in takes node, chromium or both.');
  const program = await buildBench(name);
  const scratch = await mkdtemp(join(tmpdir(), 'tunesmith-bench-'));
  try {
    /** @param {string[]} args */
    const inNode = async (args) => {
      const env = await vulkanEnvironment(log);
      return (await run(process.execPath, [program, ...args], { env })).code;
    };
    if (name !== 'main') return await inNode([scratch]);
    if (help) {
      const code = await inNode(['--help']);
      process.stdout.write('  --in node|chromium|both  where to measure; both unless given\n');
      return code;
    }
    if (options.show !== undefined) return await inNode(asArguments(options));
    const { only, without, models, tokens, rounds, ...files } = options;
    if (where === 'node') return await inNode(asArguments({ ...options, version: version() }));

    const page = join(scratch, 'page.json');
    const filters = { only, without, models, tokens, rounds, brief: where === 'both' };
    const report = await benchInBrowser(filters, version(), log);
    await writeFile(page, JSON.stringify({ format: 'tunesmith-bench-1', reports: [report] }));
    if (where === 'chromium') return await inNode(asArguments({ ...files, show: page }));
    // The peers are made for browsers, so only the page measures them.
    const rest = [without, 'peers'].filter((groups) => groups !== undefined).join();
    return await inNode(asArguments({ ...options, without: rest, version: version(), with: page }));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  log(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
