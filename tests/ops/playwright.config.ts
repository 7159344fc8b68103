import { defineConfig } from '@playwright/test';
import { chromiumFlags, installedBrowsers } from '../../tools/lib/browser.mjs';

const [executablePath] = await installedBrowsers();

export default defineConfig({
  testDir: '.',
  testMatch: 'ops.spec.ts',
  outputDir: '../../test-results/ops',
  // Compiling kernels takes most of the time, and a page compiles on one core.
  workers: 2,
  fullyParallel: true,
  forbidOnly: true,
  timeout: 120_000,
  reporter: [
    ['dot'],
    ['json', { outputFile: '../../test-results/ops.json' }],
    ['../../tools/lib/heartbeat_playwright.mjs'],
  ],
  use: { launchOptions: { executablePath, args: chromiumFlags } },
});
