// Runs every check, or the ones named: node tools/test.mjs [check | all | unit | ops | parity | exports | e2e | real |
// format | …] [its runner's arguments]. `check` is the everyday loop: everything that needs neither a browser nor a GPU.
// `real` downloads a published model, and `exports:all` the programs in which people run models; `all` adds each to the
// rest if its download works. `exports` names both parts of that suite. The last line has the totals: `N passed, N
// failed`.
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt } from './lib/build.mjs';
import { countPlaywright, countVitest, settle } from './lib/counts.mjs';
import { HEARTBEAT, watchHeartbeat } from './lib/heartbeat.mjs';
import { checkNode, ensurePackages, installExportPrograms } from './lib/install.mjs';
import { bin, readJson, root, run } from './lib/run.mjs';

/**
 * @typedef {import('./lib/counts.mjs').Counts} Counts
 * @typedef {'browser' | 'vulkan' | 'page' | 'cli' | 'programs'} Need a resource that is found, installed or built before a step
 * @typedef {object} Step
 * @property {Need[]} [needs]
 * @property {true} [check] part of `check`: runs beside the other such steps
 * @property {() => Promise<boolean>} [download] downloads its data; false if that is impossible
 * @property {string[][]} commands
 * @property {string[]} [cache] arguments that `check` adds, so that it looks only at changed files
 * @property {(report: unknown) => Counts} [count] a step without it counts as one test
 */

/** A step is stopped if none of its tests begins or ends for this many minutes. */
const IDLE_MINUTES = 20;

/**
 * Steps that run side by side, each lane in its order: parity waits for its device half of the time. The browser's e2e
 * runs alone, because it acts as a person who waits for the page.
 */
const LANES = [['parity'], ['ops', 'exports:small', 'real', 'exports:all']];

const reports = join(root, 'test-results');
/** @param {string} name */
const reportPath = (name) => join(reports, `${name.replace(':', '-')}.json`);

/** @param {string} project @returns {string[][]} */
const vitest = (project) => [
  [
    ...[bin('vitest'), 'run', `--project=${project}`],
    ...['--reporter=default', '--reporter=./tools/lib/heartbeat_vitest.mjs', '--reporter=json'],
    `--outputFile.json=${reportPath(project)}`,
  ],
];
/** @param {string} suite @returns {string[][]} */
const playwright = (suite) => [
  [bin('@playwright/test', 'playwright'), 'test', '--config', `tests/${suite}/playwright.config.ts`],
];

/** @param {string} name @returns {string[]} */
const cacheIn = (name) => [
  ...['--cache', '--cache-strategy=content'],
  `--cache-location=${join(root, '.cache', name)}`,
];

/** @returns {Record<string, Step>} in the order in which they begin; the longest of the checks come first */
const allSteps = () => ({
  unit: { check: true, commands: vitest('unit'), count: countVitest },
  components: { check: true, commands: vitest('components'), count: countVitest },
  lint: { check: true, commands: [[bin('eslint'), '.']], cache: cacheIn('eslint') },
  types: {
    check: true,
    commands: [
      [bin('typescript', 'tsc'), '--noEmit'],
      [bin('typescript', 'tsc'), '--noEmit', '--project', 'src/offline'],
      [bin('svelte-check'), '--fail-on-warnings', '--output', 'human'],
    ],
  },
  format: {
    check: true,
    commands: [[bin('prettier'), '--check', '--log-level=warn', '.']],
    cache: cacheIn('prettier'),
  },
  unused: { check: true, commands: [[bin('knip'), '--no-progress']] },
  layers: { check: true, commands: [[join(root, 'tools', 'layers.mjs')]] },
  ops: { needs: ['browser'], commands: playwright('ops'), count: countPlaywright },
  parity: { needs: ['vulkan', 'cli'], commands: vitest('parity'), count: countVitest },
  'exports:small': { needs: ['vulkan', 'programs'], commands: vitest('exports:small'), count: countVitest },
  e2e: { needs: ['browser', 'page'], commands: playwright('e2e'), count: countPlaywright },
  real: {
    needs: ['vulkan', 'cli', 'programs'],
    download: async () => {
      const { realModel } = await import('./lib/real_model.mjs');
      const path = await realModel(log);
      if (path !== undefined) process.env.TUNESMITH_REAL_MODEL = path;
      return path !== undefined;
    },
    commands: vitest('real'),
    count: countVitest,
  },
  'exports:all': {
    needs: ['vulkan', 'browser'],
    download: async () => {
      const { ensurePython } = await import('./lib/python.mjs');
      if (!(await installExportPrograms(log, { all: true }))) return false;
      const python = await ensurePython(log);
      if (python !== undefined) process.env.TUNESMITH_PYTHON = python;
      return python !== undefined;
    },
    commands: vitest('exports:all'),
    count: countVitest,
  },
});

/** Finds, installs or builds each resource once, however many steps need it, and adds it to the environment. */
function preparations() {
  /** @type {Record<Need, () => Promise<unknown>>} */
  const how = {
    browser: async () => {
      const { ensureBrowser } = await import('./lib/browser.mjs');
      process.env.TUNESMITH_CHROMIUM = await ensureBrowser(log);
    },
    vulkan: async () => {
      const { vulkanEnvironment } = await import('./lib/vulkan.mjs');
      Object.assign(process.env, await vulkanEnvironment(log));
    },
    page: () => ensureBuilt('page', log),
    cli: () => ensureBuilt('cli', log),
    programs: async () => {
      if (await installExportPrograms(log, { all: false })) return;
      throw new Error(
        'The programs that open exports could not be installed: `npm ci` failed. Its message is above.',
      );
    },
  };
  /** @type {Map<Need, Promise<unknown>>} */
  const begun = new Map();
  return (/** @type {Need} */ need) => {
    const promise = begun.get(need) ?? how[need]();
    begun.set(need, promise);
    return promise;
  };
}

/**
 * @param {string} name
 * @param {Step} step
 * @param {object} options
 * @param {string[]} options.extra arguments for its last command
 * @param {boolean} options.capture prints its output at its end, because other steps run beside it
 * @returns {Promise<Counts>}
 */
async function runStep(name, { commands, count }, { extra, capture }) {
  rmSync(reportPath(name), { force: true });
  const heartbeat = `${reportPath(name)}.heartbeat`;
  let code = 0;
  for (const [index, command] of commands.entries()) {
    const args = index === commands.length - 1 ? [...command, ...extra] : command;
    const watch = watchHeartbeat(heartbeat, IDLE_MINUTES);
    const output = capture ? 'capture' : 'inherit';
    const env = { [HEARTBEAT]: heartbeat };
    const ended = await run(process.execPath, args, { output, env, signal: watch.signal });
    watch.stop();
    if (capture) log(`\n── ${name}\n${ended.output.trimEnd()}`);
    if (ended.timedOut) {
      const running = watch.running();
      log(
        `${name} was stopped: no test began or ended for ${IDLE_MINUTES} minutes.` +
          (running.length > 0 ? ` These had begun and not ended:\n  ${running.join('\n  ')}` : ''),
      );
    }
    code ||= ended.code;
  }
  if (!count) return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1 };
  const counts = existsSync(reportPath(name)) ? count(readJson(reportPath(name))) : { passed: 0, failed: 0 };
  if (counts.passed + counts.failed === 0) log(`${name} ran no test, which counts as a failure.`);
  return settle(counts, code);
}

/** @param {string} line */
function log(line) {
  console.log(line);
}

/**
 * The steps that an argument selects.
 * @param {string | undefined} name
 * @returns {[string, Step][]}
 */
function chosenSteps(name) {
  const steps = Object.entries(allSteps());
  if (name === undefined) return steps.filter(([, { download }]) => !download);
  if (name === 'all') return steps;
  if (name === 'check') return steps.filter(([, { check }]) => check);
  const chosen = steps.filter(([each]) => each === name || each.startsWith(`${name}:`));
  if (chosen.length > 0) return chosen;
  throw new Error(`There is no step ${name}: choose from check, all, ${Object.keys(allSteps()).join(', ')}.`);
}

/** @param {string[]} argv */
async function main([name, ...extra]) {
  checkNode();
  await ensurePackages(log);
  const steps = chosenSteps(name);
  const all = name === 'all';
  const check = name === 'check';
  mkdirSync(reports, { recursive: true });
  const prepare = preparations();
  const total = { passed: 0, failed: 0 };
  /** @type {Map<string, string>} */
  const summary = new Map();
  /** @param {[string, Step]} step @param {boolean} capture */
  const take = async ([name, step], capture) => {
    if (!capture) log(`\n── ${name}`);
    const began = performance.now();
    /** @type {Counts} */
    let counts = { passed: 0, failed: 1 };
    try {
      if (step.download && !(await step.download())) {
        if (all) {
          summary.set(name, `${name.padEnd(13)} left out: its download failed`);
          return;
        }
        throw new Error(`${name} needs a download, which failed.`);
      }
      for (const need of step.needs ?? []) await prepare(need);
      const more = check && step.cache ? [...step.cache, ...extra] : extra;
      counts = await runStep(name, step, { extra: more, capture });
    } catch (error) {
      log(error instanceof Error ? error.message : String(error));
    }
    total.passed += counts.passed;
    total.failed += counts.failed;
    const seconds = ((performance.now() - began) / 1000).toFixed(1).padStart(6);
    const verdict = counts.failed === 0 ? 'ok    ' : 'FAILED';
    summary.set(name, `${name.padEnd(13)} ${verdict} ${seconds} s  ${describe(counts)}`);
  };
  const checks = steps.filter(([, { check }]) => check);
  const waiting = [...checks];
  const lane = async () => {
    for (let step = waiting.shift(); step; step = waiting.shift()) await take(step, checks.length > 1);
  };
  await Promise.all(Array.from({ length: Math.min(4, availableParallelism()) }, lane));
  const lanes = LANES.map((names) => steps.filter(([name]) => names.includes(name))).filter(
    ({ length }) => length > 0,
  );
  /** @param {[string, Step][]} steps @param {boolean} capture */
  const inTurn = async (steps, capture) => {
    for (const step of steps) await take(step, capture);
  };
  // One after another, because a system installs one package at a time. Each step tells of its own failures again.
  for (const need of lanes.flat().flatMap(([, { needs = [] }]) => needs))
    await prepare(need).catch(() => undefined);
  if (availableParallelism() > 1) await Promise.all(lanes.map((lane, index) => inTurn(lane, index > 0)));
  else await inTurn(lanes.flat(), false);
  await inTurn(
    steps.filter(([name, { check }]) => !check && !LANES.flat().includes(name)),
    false,
  );
  const lines = steps.map(([name]) => summary.get(name));
  log(`\n${lines.join('\n')}\n\n${describe(total)}`);
  process.exitCode = total.failed === 0 ? 0 : 1;
}

/** @param {Counts} counts */
const describe = ({ passed, failed }) => `${passed} passed, ${failed} failed`;

try {
  await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
}
