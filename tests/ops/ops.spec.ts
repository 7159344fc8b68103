import { expect, test as base, type Page } from '@playwright/test';
import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';
import { globals } from 'webgpu';
import type * as Run from './run';

const root = fileURLToPath(new URL('../..', import.meta.url));
const vite = { root, configFile: false, logLevel: 'error', cacheDir: `${root}/.cache/vite-ops` } as const;

/** The cases, listed in Node: each becomes a test before any browser is started. */
async function listCases(): Promise<Run.CaseName[]> {
  Object.assign(globalThis, globals);
  const server = await createServer({
    ...vite,
    server: { middlewareMode: true, watch: null, hmr: false, ws: false },
    appType: 'custom',
  });
  const { listCases } = (await server.ssrLoadModule('/tests/ops/run.ts')) as typeof Run;
  const cases = listCases();
  await server.close();
  return cases;
}

/** One page, and so one device with its pipelines, for as many cases as pass on it. */
const test = base.extend<object, { casesPage: Page }>({
  casesPage: [
    async ({ browser }, use) => {
      const server = await createServer({ ...vite, server: { port: 0, watch: null, hmr: false } });
      await server.listen();
      const page = await browser.newPage();
      await page.goto(`${server.resolvedUrls?.local[0] ?? ''}tests/ops/index.html`);
      await page.waitForFunction(() => 'runCase' in window);
      await use(page);
      await page.close();
      await server.close();
    },
    { scope: 'worker' },
  ],
});

for (const { op, name } of await listCases()) {
  test(`${op}: ${name}`, async ({ casesPage }) => {
    const failures = await casesPage.evaluate(([op, name]) => window.runCase(op, name), [op, name] as const);
    expect(failures).toEqual([]);
  });
}

test('the page runs the cases that its address names, and gives the results as JSON', async ({
  casesPage,
  browser,
}) => {
  const page = await browser.newPage();
  await page.goto(`${casesPage.url()}?op=add`);
  const results = await (await page.waitForFunction(() => window.results)).jsonValue();
  const named = (await listCases()).filter(({ op }) => op === 'add').map(({ name }) => name);
  expect(results?.cases.map(({ name }) => name)).toEqual(named);
  expect(results).toMatchObject({ passed: named.length, failed: 0 });
  await expect(page.getByRole('link', { name: 'Save the results as JSON' })).toBeVisible();
  await page.close();
});
