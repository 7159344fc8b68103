// Runs every check, or the one named: node tools/test.mjs [unit | ops | parity | e2e | format | …] [its runner's arguments]
// Its last line sums all of it: `N passed, N failed`.
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt } from './lib/build.mjs';
import { countPlaywright, countVitest, settle } from './lib/counts.mjs';
import { checkNode, ensurePackages } from './lib/install.mjs';
import { bin, readJson, root, run } from './lib/run.mjs';

/**
 * @typedef {import('./lib/counts.mjs').Counts} Counts
 * @typedef {'browser' | 'vulkan' | 'page' | 'cli'} Need what is found, installed or built before a step
 * @typedef {{ needs: Need[], minutes: number, commands: string[][], count?: (report: unknown) => Counts }} Step
 */

const reports = join(root, 'test-results');
/** @param {string} name */
const reportPath = (name) => join(reports, `${name}.json`);

/** @param {string} project @returns {string[][]} */
const vitest = (project) => [
  [bin('vitest'), 'run', `--project=${project}`, '--reporter=default', '--reporter=json'].concat(
    `--outputFile.json=${reportPath(project)}`,
  ),
];
/** @param {string} suite @returns {string[][]} */
const playwright = (suite) => [
  [bin('@playwright/test', 'playwright'), 'test', '--config', `tests/${suite}/playwright.config.ts`],
];

/** @returns {Record<string, Step>} in the order in which they run; a step without `count` counts as one test */
const allSteps = () => ({
  format: { needs: [], minutes: 3, commands: [[bin('prettier'), '--check', '--log-level=warn', '.']] },
  lint: { needs: [], minutes: 5, commands: [[bin('eslint'), '.']] },
  types: {
    needs: [],
    minutes: 5,
    commands: [
      [bin('typescript', 'tsc'), '--noEmit'],
      [bin('svelte-check'), '--fail-on-warnings', '--output', 'human'],
    ],
  },
  layers: { needs: [], minutes: 1, commands: [[join(root, 'tools', 'layers.mjs')]] },
  unit: { needs: [], minutes: 10, commands: vitest('unit'), count: countVitest },
  ops: { needs: ['browser'], minutes: 15, commands: playwright('ops'), count: countPlaywright },
  parity: { needs: ['vulkan', 'cli'], minutes: 15, commands: vitest('parity'), count: countVitest },
  e2e: { needs: ['browser', 'page'], minutes: 20, commands: playwright('e2e'), count: countPlaywright },
});

/** Finds, installs or builds each thing once, however many steps need it; it stays in the environment. */
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
 * @param {string[]} extra arguments for its last command
 * @returns {Promise<Counts>}
 */
async function runStep(name, { minutes, commands, count }, extra) {
  rmSync(reportPath(name), { force: true });
  let code = 0;
  for (const [index, command] of commands.entries()) {
    const args = index === commands.length - 1 ? [...command, ...extra] : command;
    const ended = await run(process.execPath, args, { timeout: minutes * 60_000 });
    if (ended.timedOut) log(`${name} was stopped after ${minutes} minutes.`);
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

/** @param {string[]} argv */
async function main([only, ...extra]) {
  checkNode();
  await ensurePackages(log);
  const steps = Object.entries(allSteps()).filter(([name]) => only === undefined || name === only);
  if (steps.length === 0)
    throw new Error(`There is no step ${only}: choose from ${Object.keys(allSteps()).join(', ')}.`);
  mkdirSync(reports, { recursive: true });
  const prepare = preparations();
  const total = { passed: 0, failed: 0 };
  const summary = [];
  for (const [name, step] of steps) {
    log(`\n── ${name}`);
    const began = performance.now();
    /** @type {Counts} */
    let counts = { passed: 0, failed: 1 };
    try {
      for (const need of step.needs) await prepare(need);
      counts = await runStep(name, step, extra);
    } catch (error) {
      log(error instanceof Error ? error.message : String(error));
    }
    total.passed += counts.passed;
    total.failed += counts.failed;
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    summary.push(
      `${name.padEnd(7)} ${counts.failed === 0 ? 'ok    ' : 'FAILED'} ${seconds.padStart(6)} s  ` +
        describe(counts),
    );
  }
  log(`\n${summary.join('\n')}\n\n${describe(total)}`);
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
