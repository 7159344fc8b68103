// Measures how long Chromium takes to save and read a checkpoint of 10 and of 100 MB, in OPFS and in IndexedDB:
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { buildBenchPage } from './lib/bench_page.mjs';
import { chromiumFlags, ensureBrowser } from './lib/browser.mjs';
import { serve } from './lib/serve.mjs';

/** @typedef {{ storage: string, bytes: number, save: number[], read: number[] }} SavingTimes as bench/storage has them */
/** @typedef {{ measureSaving: (bytes: number, rounds: number) => Promise<SavingTimes[]> }} SpeedWindow */

const rounds = Number(process.argv[2] ?? 7);
const folder = await buildBenchPage('storage');
const executablePath = await ensureBrowser((line) => console.error(line));
const server = await serve(folder, 0);
// A profile on the disk: a private window keeps part of what it stores in memory.
const profile = await mkdtemp(join(tmpdir(), 'tunesmith-profile-'));
const context = await chromium.launchPersistentContext(profile, { executablePath, args: chromiumFlags });
try {
  const page = await context.newPage();
  page.setDefaultTimeout(0);
  await page.goto(server.url);
  await page.waitForFunction(() => 'measureSaving' in window);
  for (const bytes of [1e7, 1e8]) {
    const times = await page.evaluate(([size, count]) => {
      const { measureSaving } = /** @type {SpeedWindow} */ (/** @type {unknown} */ (window));
      return measureSaving(size, count);
    }, /** @type {const} */ ([bytes, rounds]));
    for (const { storage, save, read } of times) {
      console.log(`${bytes / 1e6} MB in ${storage}: save ${figures(save)}, read ${figures(read)}`);
    }
  }
} finally {
  await context.close();
  await server.close();
  await rm(profile, { recursive: true, force: true });
}

/** @param {number[]} times */
function figures(times) {
  const [best = NaN, ...others] = times.toSorted((a, b) => a - b).map(Math.round);
  const median = [best, ...others][times.length >> 1];
  return `${best} ms at best, median ${median}, at most ${others.at(-1) ?? best}`;
}
