import { defineConfig } from '@playwright/test';
import { chromiumFlags, installedBrowsers } from '../../tools/lib/browser.mjs';

const [executablePath] = await installedBrowsers();

export default defineConfig({
  testDir: '.',
  testMatch: 'ops.spec.ts',
  outputDir: '../../test-results/ops',
  workers: 1,
  forbidOnly: true,
  timeout: 120_000,
  reporter: [['dot'], ['json', { outputFile: '../../test-results/ops.json' }]],
  use: { launchOptions: { executablePath, args: chromiumFlags } },
});
