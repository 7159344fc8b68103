import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test as base } from './site';

/** A host that would answer anybody: at another name than the page and its hub. */
const test = base.extend<{ stranger: string; reached: string[] }>({
  reached: async ({}, use) => use([]),
  stranger: async ({ reached }, use) => {
    const server: Server = createServer((request, response) => {
      reached.push(request.url ?? '');
      response.writeHead(200, { 'Access-Control-Allow-Origin': '*' }).end('Hello.');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  },
});

/** The result of a request from the page or from its worker. */
const outcome = (address: string) =>
  fetch(address).then(
    ({ status }) => String(status),
    () => 'refused',
  );

test('lets page and engine reach the chosen endpoint and nothing else', async ({
  page,
  tunesmith,
  site,
  stranger,
  reached,
  complaints,
}) => {
  await tunesmith.open();
  const engine = () => page.workers()[0]!;
  const own = `${site}models/demo/config.json`;
  expect(await page.evaluate(outcome, own)).toBe('200');
  expect(await engine().evaluate(outcome, own)).toBe('200');
  expect(await page.evaluate(outcome, `${stranger}/page`)).toBe('refused');
  expect(await engine().evaluate(outcome, `${stranger}/engine`)).toBe('refused');
  expect(reached).toEqual([]);
  // That the browser tells of what it refused is what was asked for.
  expect(complaints.filter((each) => !/Content Security Policy|fetched from elsewhere/.test(each))).toEqual(
    [],
  );
  complaints.length = 0;

  // The narrower policy of the page stays when the page's head is rewritten.
  await page.evaluate(() => {
    for (const policy of document.querySelectorAll('meta[http-equiv]')) policy.remove();
  });
  expect(await page.evaluate(outcome, `${stranger}/rewritten`)).toBe('refused');
  complaints.length = 0;

  // Chosen, it can be reached after a reload, by both.
  await page.evaluate((endpoint) => {
    localStorage.setItem('tunesmith.hub', JSON.stringify({ endpoint }));
  }, stranger);
  expect(await page.evaluate(outcome, `${stranger}/before`)).toBe('refused');
  await tunesmith.open();
  expect(await page.evaluate(outcome, `${stranger}/page`)).toBe('200');
  expect(await engine().evaluate(outcome, `${stranger}/engine`)).toBe('200');
  expect(reached.filter((url) => !url.startsWith('/api/'))).toEqual(['/page', '/engine']);
  complaints.length = 0;
});
