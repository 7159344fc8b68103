import { defineConfig } from '@playwright/test';
import { chromiumFlags, installedBrowsers } from '../../tools/lib/browser.mjs';

const [executablePath] = await installedBrowsers();

export default defineConfig({
  testDir: '.',
  outputDir: '../../test-results/e2e',
  // A software adapter takes every core there is.
  workers: 1,
  forbidOnly: true,
  timeout: 300_000,
  reporter: [
    ['list'],
    ['json', { outputFile: '../../test-results/e2e.json' }],
    ['../../tools/lib/heartbeat_playwright.mjs'],
  ],
  use: {
    launchOptions: { executablePath, args: chromiumFlags },
    // No service worker, so that each test loads the page from the server; the tests of the service worker allow it.
    serviceWorkers: 'block',
    screenshot: 'only-on-failure',
    actionTimeout: 30_000,
  },
});
