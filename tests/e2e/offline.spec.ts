import type { Locator, Page } from '@playwright/test';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ensureBuilt } from '../../tools/lib/build.mjs';
import { pageHeaders } from '../../tools/lib/headers.mjs';
import { writeServiceWorker } from '../../tools/lib/offline.mjs';
import { serve } from '../../tools/lib/serve.mjs';
import { writeDemoFolder } from '../onnx/demo';
import { expect, test as base } from './site';
import type { Tunesmith } from './tunesmith';

/** A server of the page that can go away, come back and serve another version, below a path of its own. */
interface Host {
  url: string;
  stop: () => Promise<void>;
  start: () => Promise<void>;
  /** Serves a version with another page and without one of its scripts; resolves to that script's path. */
  change: () => Promise<string>;
}

const test = base.extend<object, { host: Host; site: string }>({
  host: [
    async ({}, use) => {
      const folder = await mkdtemp(join(tmpdir(), 'tunesmith-offline-'));
      const site = join(folder, 'tools', 'tunesmith');
      await cp(dirname(await ensureBuilt('page', (line) => console.error(line))), site, { recursive: true });
      let server = await serve(folder, 0);
      const port = Number(new URL(server.url).port);
      await use({
        url: `${server.url}tools/tunesmith/`,
        stop: () => server.close(),
        start: async () => void (server = await serve(folder, port)),
        change: async () => {
          const page = join(site, 'index.html');
          const text = await readFile(page, 'utf8');
          await writeFile(page, text.replace('<html', '<html data-version="2"'));
          await Promise.all(['br', 'gz'].map((end) => rm(`${page}.${end}`)));
          const scripts = (await readdir(join(site, 'assets'))).filter((name) => name.endsWith('.js'));
          const late = scripts.find((name) => name.startsWith('papaparse')) ?? '';
          await rm(join(site, 'assets', late));
          await writeServiceWorker(site);
          await Promise.all(['br', 'gz'].map((end) => rm(join(site, `sw.js.${end}`))));
          return `assets/${late}`;
        },
      });
      await server.close();
      await rm(folder, { recursive: true });
    },
    { scope: 'worker' },
  ],
  site: [async ({ host }, use) => use(host.url), { scope: 'worker' }],
});

test.use({ serviceWorkers: 'allow' });

/** Waits until the service worker has stored the page. */
async function stored(page: Page): Promise<void> {
  await page.evaluate(() => navigator.serviceWorker.ready.then(({ active }) => active?.state));
}

/** Waits until the engine runs. */
const working = (page: Page) => expect(page.getByTestId('device')).toContainText('Software');

const status = (page: Page, path: string) =>
  page.evaluate((address) => fetch(address).then((response) => response.status), path);

/** How many files of the page are kept. */
const kept = (page: Page) =>
  page.evaluate(async () => {
    const [name = ''] = await caches.keys();
    return (await (await caches.open(name)).keys()).length;
  });

/** Opens the demo as an ONNX folder. */
async function openExport(page: Page, tunesmith: Tunesmith): Promise<Locator> {
  const folder = join(await mkdtemp(join(tmpdir(), 'tunesmith-')), 'pirate-onnx');
  await writeDemoFolder(folder);
  const chat = await tunesmith.to('chat');
  await chat.getByRole('button', { name: 'Open an export' }).click();
  await page.getByRole('dialog').locator('input[webkitdirectory]').setInputFiles(folder);
  await expect(page.getByTestId('export-bar')).toBeVisible({ timeout: 60_000 });
  await rm(dirname(folder), { recursive: true });
  return chat;
}

test('opens and trains without a network after the first visit, and offers a newer version', async ({
  page,
  context,
  host,
  tunesmith,
}) => {
  await tunesmith.open();
  await stored(page);
  await test.step('stores the runtime of an export once one is opened', async () => {
    const before = await kept(page);
    await openExport(page, tunesmith);
    await expect.poll(() => kept(page)).toBe(before + 1);
  });
  const files = await kept(page);
  await context.setOffline(true);
  await host.stop();
  await page.reload();
  await tunesmith.ready();

  await test.step('under the same policy, isolated as before', async () => {
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
    const headers = await page.evaluate(() => fetch('./').then((answer) => [...answer.headers]));
    expect(Object.fromEntries(headers)).toEqual({
      'content-type': 'text/html;charset=utf-8',
      ...Object.fromEntries(Object.entries(pageHeaders).map(([name, value]) => [name.toLowerCase(), value])),
    });
  });

  await test.step('chats with an export', async () => {
    const chat = await openExport(page, tunesmith);
    await chat.getByLabel('Your question').fill('Who are you?');
    await chat.getByRole('button', { name: 'Send' }).click();
    await expect(page.getByTestId('answer-export')).toContainText('tokens/s', { timeout: 60_000 });
  });

  await test.step('trains', async () => {
    await tunesmith.set({ max_steps: '3', per_device_train_batch_size: '2' });
    await tunesmith.train();
  });

  await test.step('offers a newer version, but not while it trains', async () => {
    await context.setOffline(false);
    const late = await host.change();
    await host.start();
    const other = await context.newPage();
    await other.goto('./');
    await working(other);
    const offer = page.getByText('A new version is ready.');

    await tunesmith.set({ max_steps: '200' });
    await tunesmith.start.click();
    await tunesmith.reached(1);
    await page.evaluate(async () => {
      const registration = await navigator.serviceWorker.ready;
      await registration.update();
    });
    await page.waitForFunction(async () => (await navigator.serviceWorker.ready).waiting !== null);
    await expect(other.getByText('A new version is ready.')).toBeVisible();
    await expect(offer).toBeHidden();
    await tunesmith.button('stop').click();
    await expect(offer).toBeVisible();
    await expect(page.locator('html')).not.toHaveAttribute('data-version');

    await page.getByRole('button', { name: 'Reload' }).click();
    await expect(page.locator('html')).toHaveAttribute('data-version', '2');
    await working(page);
    // The other tab goes on with the version that it has, whatever the server has now.
    await expect(other.locator('html')).not.toHaveAttribute('data-version');
    expect(await status(other, late)).toBe(200);
    expect(await kept(page)).toBe(files + 1);
    await other.close();
  });

  await test.step('forgets the older version when no tab has it any more', async () => {
    await page.reload();
    await working(page);
    await expect.poll(() => kept(page)).toBe(files - 1);
  });
});

test('can be installed', async ({ page, tunesmith, site }) => {
  await tunesmith.open();
  const session = await page.context().newCDPSession(page);
  const manifest = async () => {
    const { url, errors } = await session.send('Page.getAppManifest');
    return { url, errors };
  };
  expect(await manifest()).toEqual({ url: `${site}manifest.webmanifest`, errors: [] });
  await stored(page);
  const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
  // A window that leaves nothing behind installs nothing: that, and nothing else, stands in the way here.
  expect(installabilityErrors.map(({ errorId }) => errorId)).toEqual(['in-incognito']);
  await page.getByRole('radio', { name: '中文' }).check();
  await expect.poll(manifest).toEqual({ url: `${site}manifest.zh.webmanifest`, errors: [] });
});
