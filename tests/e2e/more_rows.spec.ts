import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test as base } from './site';

const KEY = 'sk-of-the-test';

/** A service that answers any question, with the paths and the keys that it was asked with. */
const test = base.extend<{ asked: string[]; service: string }>({
  asked: async ({}, use) => use([]),
  service: async ({ asked, reachable }, use) => {
    const server: Server = createServer((request, response) => {
      const cors = { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Headers': '*' };
      if (request.method === 'OPTIONS') {
        response.writeHead(204, cors).end();
        return;
      }
      asked.push(`${request.url} ${request.headers.authorization}`);
      const content = 'Arr, it shines, matey!';
      const body = { choices: [{ message: { content }, finish_reason: 'stop' }] };
      response.writeHead(200, { ...cors, 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    reachable.add(origin);
    await use(origin);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  },
});

test('makes rows of the demo’s, which are learnt once they are accepted, and lets one service write', async ({
  page,
  tunesmith,
  service,
  asked,
  complaints,
}) => {
  await tunesmith.open();
  const examples = await tunesmith.to('examples');
  const count = page.getByRole('navigation').getByRole('link', { name: 'Examples' });
  await expect(count).toContainText('80 examples');
  await examples.getByRole('radio', { name: 'More rows' }).check();
  await examples.getByLabel('Typing errors').uncheck();
  await examples.getByLabel('Most new rows').fill('3');
  await examples.getByRole('button', { name: 'Make rows' }).click();
  const proposed = page.getByTestId('proposed');
  await expect(proposed).toContainText('3 proposed rows');
  await expect(count).toContainText('80 examples');
  await proposed.getByRole('button', { name: 'Accept', exact: true }).first().click();
  await expect(count).toContainText('81 examples');
  await proposed.getByRole('button', { name: 'Throw all away' }).click();
  await expect(proposed).toContainText('No row is proposed yet');

  await examples.getByRole('radio', { name: 'Write with a model' }).check();
  await examples.getByLabel('Task').selectOption('answers');
  await examples.getByLabel('Questions').fill('What does the sun do?');
  await examples.getByLabel('Written by').selectOption('service');
  await examples.getByLabel('Address').fill(`${service}/v1`);
  const ask = (path: string) =>
    page.evaluate(
      (address) =>
        fetch(address, { method: 'POST' }).then(
          ({ status }) => String(status),
          () => 'refused',
        ),
      service + path,
    );
  // The browser tells of each connection that it refuses.
  const refused = async (path: string) => {
    expect(await ask(path)).toBe('refused');
    expect(complaints.filter((each) => !/Content Security Policy/.test(each))).toEqual([]);
    complaints.length = 0;
  };
  await refused('/v1/chat/completions');
  await examples.getByRole('button', { name: 'Allow and reload' }).click();

  await tunesmith.ready();
  await expect(examples.getByLabel('Questions')).toHaveValue('What does the sun do?');
  // Nothing else of the same host can be reached.
  await refused('/v1/models');
  await examples.getByLabel('Model', { exact: true }).fill('parrot');
  await examples.getByLabel('Key').fill(KEY);
  await examples.getByRole('button', { name: 'Make rows' }).click();
  await expect(proposed).toContainText('Arr, it shines, matey!');
  expect(asked).toEqual([`/v1/chat/completions Bearer ${KEY}`]);
  expect(await page.evaluate(() => JSON.stringify([localStorage, sessionStorage]))).not.toContain(KEY);
  await proposed.getByRole('button', { name: 'Accept', exact: true }).click();
  await expect(count).toContainText('82 examples');
});
