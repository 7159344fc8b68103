import type { Page } from '@playwright/test';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SAILORS } from '../hub/dataset';
import { faultOf } from '../hub/faults';
import { startHub, type RunningHub } from '../hub/server';
import { checkpointFiles, shardedFiles } from './checkpoint';
import { expect, test as base } from './site';

const REPO = 'ships/tiny-pirate';
const GATED = 'ships/locked-chest';
const TOKEN = 'hf_of_the_captain';
const CAPTAIN = 'captain';
/** Slow enough that there is a middle of a download. */
const SLOW = 600_000;

/** The page, set to a hub on this machine. */
const test = base.extend<{ hub: RunningHub }>({
  hub: async ({ reachable }, use) => {
    const files = await shardedFiles(3);
    const hub = await startHub({
      models: [
        { repo: REPO, files, license: 'mit', downloads: 20 },
        { repo: GATED, files, token: TOKEN, license: 'gemma', downloads: 10 },
        { repo: `${CAPTAIN}/log`, files: { 'README.md': 'Day 1' } },
        SAILORS,
      ],
      writers: { [TOKEN]: [CAPTAIN] },
    });
    reachable.add(hub.url).add(hub.filesUrl);
    await use(hub);
    await hub.close();
  },
});

/** As after the visitor chose this hub. */
async function setTo(page: Page, hub: RunningHub): Promise<void> {
  await page.addInitScript((endpoint) => {
    localStorage.setItem('tunesmith.hub', JSON.stringify({ endpoint }));
  }, hub.url);
}

const fetched = ({ requests }: RunningHub) => requests.filter(({ url }) => url.endsWith('.safetensors'));

test('finds a model, fetches it over a bad line and a reload, and opens it again without a network', async ({
  page,
  tunesmith,
  hub,
}) => {
  const facts = tunesmith.candidate;

  await test.step('choose another hub', async () => {
    await tunesmith.open();
    const model = await tunesmith.to('model');
    await model.getByText('More', { exact: true }).click();
    await model.getByLabel('Endpoint').selectOption('Another address…');
    await model.getByLabel('Address').fill('ftp://mirror');
    await model.getByRole('button', { name: 'Use it and reload' }).click();
    await expect(model.getByRole('alert')).toHaveAttribute('data-code', 'endpoint_invalid');
    await model.getByLabel('Address').fill(`${hub.url}/`);
    await model.getByRole('button', { name: 'Use it and reload' }).click();
    await expect(tunesmith.start).toBeEnabled();
  });

  await test.step('find a model by keys, and read what it takes', async () => {
    await tunesmith.way('From the Hub');
    await tunesmith.find('pirate');
    const found = page.getByRole('listbox', { name: 'Models that can be trained here' }).getByRole('option');
    await expect(found).toHaveText([/tiny-pirate.*MB · mit.*fits/]);
    await expect(found).toHaveAttribute('aria-selected', 'true');
    await page.keyboard.press('Enter');
    await expect(facts).toContainText(REPO);
    await expect(facts).toContainText(/Parameters\s*2\.26M/);
    await expect(facts).toContainText(/Download\s*4\.\d\d MB/);
    await expect(facts).toContainText('Fits on this device');
    expect(fetched(hub)).toEqual([]);
  });

  await test.step('fetch half of it, over a cut connection', async () => {
    hub.bytesPerSecond = SLOW;
    hub.faults = faultOf('cut', 'model-00001-of-00003.safetensors');
    await tunesmith.button('open').click();
    await expect(page.getByTestId('model-progress')).toContainText(/[23](\.\d+)? MB of 4\.\d+ MB/, {
      timeout: 30_000,
    });
    await page.reload();
  });

  await test.step('go on after the reload', async () => {
    hub.bytesPerSecond = undefined;
    const before = fetched(hub).length;
    await expect(facts).toContainText(REPO);
    await tunesmith.button('open').click();
    await tunesmith.opened(REPO);
    await tunesmith.ready();
    const first = fetched(hub).slice(before);
    // Downloaded parts are not requested again.
    expect(first.length).toBeGreaterThan(0);
    expect(first.some(({ url, range }) => url.includes('00001') && range?.startsWith('bytes=0-'))).toBe(
      false,
    );
  });

  await test.step('open it again without a network', async () => {
    hub.offline = true;
    const before = hub.requests.length;
    await page.reload();
    await expect(facts).toContainText('none: it is saved here');
    await tunesmith.button('open').click();
    await tunesmith.opened(REPO);
    await tunesmith.ready();
    expect(hub.requests.length).toBe(before);
  });
});

test('stops a download and keeps what has arrived', async ({ page, tunesmith, hub }) => {
  await setTo(page, hub);
  hub.bytesPerSecond = SLOW;
  await page.goto('./');
  await tunesmith.way('From the Hub');
  await tunesmith.find(REPO);
  await page.keyboard.press('Enter');
  await expect(tunesmith.button('open')).toHaveText('Download and open');
  await tunesmith.button('open').click();
  const progress = page.getByTestId('model-progress');
  await expect(progress).toContainText(/[12](\.\d+)? MB of 4/, { timeout: 60_000 });
  await progress.getByRole('button', { name: 'Stop' }).click();
  const outcome = page.getByTestId('model-outcome');
  await expect(outcome).toContainText('The downloaded part is saved');
  await tunesmith.way('Saved models');
  await expect(page.getByTestId('stored-models')).toContainText(/unfinished: [\d.]+ MB so far/);
  hub.bytesPerSecond = undefined;
  await page.getByTestId('model-outcome').getByRole('button', { name: 'Resume' }).click();
  await tunesmith.opened(REPO);
});

test('goes on with a run from what is kept of its model, and says what removing that means', async ({
  page,
  tunesmith,
  hub,
}) => {
  await setTo(page, hub);
  page.on('dialog', (dialog) => void dialog.accept());
  await page.goto('./');
  await tunesmith.way('From the Hub');
  await tunesmith.find(REPO);
  await page.keyboard.press('Enter');
  await expect(tunesmith.button('open')).toHaveText('Download and open');
  await tunesmith.button('open').click();
  await tunesmith.opened(REPO);
  await tunesmith.ready();
  await tunesmith.set({ max_steps: '4', save_steps: '2', eval_steps: '0', per_device_train_batch_size: '1' });
  await tunesmith.start.click();
  await tunesmith.reached(3);
  hub.offline = true;
  await page.reload();
  await tunesmith.button('continue').click();
  await tunesmith.finished();
  await tunesmith.opened(REPO);

  await test.step('upload its adapter, privately, and to a repository that exists only if that is allowed', async () => {
    hub.offline = false;
    const upload = (await tunesmith.to('export')).getByTestId('upload');
    await upload.getByText('Upload to').click();
    const go = upload.getByRole('button', { name: 'Write, check and upload' });
    await upload.getByLabel('Repository', { exact: true }).fill(`${CAPTAIN}/log`);
    await go.click();
    await expect(upload.getByRole('alert')).toContainText('needs an access token');
    await upload.getByLabel('Access token').fill(TOKEN);
    await go.click();
    await expect(upload.getByRole('alert')).toContainText(`a repository ${CAPTAIN}/log already`);
    await upload.getByRole('switch', { name: 'Update the repository' }).click();
    await go.click();
    await expect(upload.getByRole('alert')).toContainText('is public');
    await upload.getByRole('switch', { name: 'Private' }).click();
    await go.click();
    await expect(upload).toContainText('Uploaded:');
    await upload.getByRole('switch', { name: 'Private' }).click();
    await upload.getByLabel('Repository', { exact: true }).fill(`${CAPTAIN}/pirate`);
    await go.click();
    await expect(upload.getByRole('link')).toHaveText(`${CAPTAIN}/pirate`);
    expect(hub.visibilityOf(`${CAPTAIN}/pirate`)).toBe('private');
    const files = hub.filesOf(`${CAPTAIN}/pirate`)!;
    expect(Object.keys(files)).toEqual(expect.arrayContaining(['README.md', 'adapter_model.safetensors']));
    expect(hub.filesOf(`${CAPTAIN}/log`)).toEqual(files);
    hub.offline = true;
  });

  await tunesmith.way('Saved models');
  const stored = page.getByTestId('stored-models');
  await expect(stored).toContainText('needed by 1 run');
  await stored.getByRole('button', { name: `Remove ${REPO}` }).click();
  const asked = page.getByRole('alertdialog');
  await expect(asked).toContainText('You can download it again.');
  await expect(asked).toContainText(/1 run cannot continue until it is downloaded again: .*pirate\.jsonl/);
  await asked.getByRole('button', { name: 'Remove' }).click();
  await expect(stored).toContainText('None yet');
});

test('says what is wrong with a name, and asks for a token where an owner does', async ({
  page,
  tunesmith,
  hub,
}) => {
  await setTo(page, hub);
  await page.goto('./');
  await tunesmith.way('From the Hub');
  const alert = tunesmith.candidate.getByRole('alert');

  await tunesmith.find('ships/no-such-model');
  await page.keyboard.press('Enter');
  await expect(alert).toHaveAttribute('data-code', 'repository_not_found');
  await expect(alert).toContainText('ships/no-such-model');

  await tunesmith.find(`${hub.url}/${GATED}`);
  await page.keyboard.press('Enter');
  await expect(alert).toHaveAttribute('data-code', 'repository_gated');
  await alert.getByRole('button', { name: 'Enter an access token' }).click();
  const token = page.getByLabel('Access token', { exact: true });
  await expect(token).toBeFocused();
  await token.fill('hf_of_a_stowaway');
  await page.keyboard.press('Enter');
  await expect(page.getByText('An access token is in use.')).toBeVisible();
  await expect(alert).toHaveAttribute('data-code', 'repository_gated');
  await token.fill(TOKEN);
  await page.keyboard.press('Enter');
  await expect(tunesmith.candidate).toContainText('Its owner asks you to accept a licence first.');
  await expect(tunesmith.candidate).toContainText(/Licence\s*gemma/);

  const elsewhere = hub.requests.filter(({ host, authorization }) => host === 'files' && authorization);
  expect(elsewhere).toEqual([]);
  expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain('hf_of');
});

test('takes rows of a data set as examples, downloads no others, and has them after a reload', async ({
  page,
  tunesmith,
  hub,
}) => {
  await setTo(page, hub);
  await page.goto('./');
  const examples = await tunesmith.to('examples');
  await examples.getByRole('radio', { name: 'Your own examples' }).check();
  await examples.getByRole('button', { name: 'From the Hub' }).click();
  const choice = page.getByTestId('hub-data');
  await choice.getByRole('combobox', { name: 'A data set of the Hub' }).fill('sailors');
  await expect(choice.getByRole('listbox').getByRole('option')).toHaveText([/sailors.*cc-by-4\.0/]);
  await page.keyboard.press('Enter');
  await expect(choice).toContainText('Licence: cc-by-4.0');
  await expect(choice).toContainText('2,000 rows, 2.37 MB in 2 files');
  await choice.getByLabel('Rows').fill('60');
  await choice.getByRole('button', { name: 'Add these rows' }).click();
  const file = examples.getByText(/ships--sailors@[0-9a-f]{7}\.train\[:60\]\.jsonl/).first();
  await expect(file).toBeVisible();
  await expect(examples).toContainText('60 examples', { timeout: 60_000 });
  expect(hub.requests.filter(({ url }) => url.includes('train-00001'))).toEqual([]);
  hub.offline = true;
  await page.reload();
  await expect(file).toBeVisible();
  await expect(examples).toContainText('60 examples', { timeout: 60_000 });
});

test('downloads a run’s model again if its files are gone, or if the browser stores none', async ({
  page,
  tunesmith,
  hub,
}) => {
  await setTo(page, hub);
  await page.goto('./');
  await tunesmith.way('From the Hub');
  await tunesmith.find(REPO);
  await page.keyboard.press('Enter');
  await expect(tunesmith.button('open')).toHaveText('Download and open');
  await tunesmith.button('open').click();
  await tunesmith.opened(REPO);
  await tunesmith.ready();
  await tunesmith.set({ max_steps: '1', eval_steps: '0', per_device_train_batch_size: '1' });
  await tunesmith.train();
  const openRun = async (): Promise<void> => {
    const before = fetched(hub).length;
    await tunesmith.to('runs');
    const runs = page.getByTestId('runs');
    await runs.getByRole('button', { name: 'Open' }).click();
    await expect(tunesmith.step('train')).toBeVisible({ timeout: 60_000 });
    await tunesmith.to('export');
    await expect(page.getByTestId('adapter-facts')).toBeVisible();
    await tunesmith.opened(REPO);
    expect(fetched(hub).length).toBeGreaterThan(before);
  };

  await test.step('after the browser cleared the files', async () => {
    // The engine has none of them open in a page that has just been opened.
    await page.reload();
    await tunesmith.reopened();
    await page.evaluate(async () => {
      const root = await navigator.storage.getDirectory();
      for await (const name of root.keys()) await root.removeEntry(name, { recursive: true });
    });
    await page.reload();
    await tunesmith.ready();
    await tunesmith.way('Saved models');
    await expect(page.getByTestId('stored-models')).toContainText('None yet');
    await openRun();
  });

  await test.step('in a browser without files', async () => {
    await page.route(/\/assets\/worker-.*\.js$/, async (route) => {
      const response = await route.fetch();
      await route.fulfill({
        response,
        body: `delete StorageManager.prototype.getDirectory;\n${await response.text()}`,
      });
    });
    await page.addInitScript(() => Reflect.deleteProperty(StorageManager.prototype, 'getDirectory'));
    await page.reload();
    await tunesmith.ready();
    await openRun();
    await tunesmith.page.getByTestId('start').click();
    await tunesmith.finished();
    await expect(tunesmith.step('train')).toContainText('Saved at step 1');
    await tunesmith.to('runs');
    await expect(page.getByTestId('runs').getByRole('listitem')).toHaveCount(2);
  });
});

test('says how much room is missing before anything is fetched', async ({ page, tunesmith, hub }) => {
  await setTo(page, hub);
  await page.route(/\/assets\/worker-.*\.js$/, async (route) => {
    const response = await route.fetch();
    const full = 'StorageManager.prototype.estimate = () => Promise.resolve({ quota: 9e6, usage: 8e6 })';
    await route.fulfill({ response, body: `${full};\n${await response.text()}` });
  });
  await page.goto('./');
  await tunesmith.way('From the Hub');
  await tunesmith.find(REPO);
  await page.keyboard.press('Enter');
  await expect(tunesmith.candidate).toContainText(/There is not enough room: free [\d.]+ MB first/);
  await expect(tunesmith.button('open')).toHaveCount(0);
  expect(fetched(hub)).toEqual([]);
});

/** Drops a file or a folder of the disk at a place of the page. */
async function drop(page: Page, path: string, at: { readonly x: number; readonly y: number }): Promise<void> {
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  const session = await page.context().newCDPSession(page);
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', { type, ...at, data });
  }
  await session.detach();
}

test('opens a folder of shards that is dropped from disk', async ({ page, tunesmith }, info) => {
  const folder = info.outputPath('my-checkpoint');
  await mkdir(join(folder, 'onnx'), { recursive: true });
  for (const [name, bytes] of Object.entries(await shardedFiles(2)))
    await writeFile(join(folder, name), bytes);
  const { 'config.json': config = '' } = await checkpointFiles();
  // Of no interest: what lies deeper is of other formats.
  await writeFile(join(folder, 'onnx', 'config.json'), config);

  await page.goto('./');
  await tunesmith.way('From disk');
  const zone = tunesmith.step('model').getByRole('group', { name: /Drop a model’s folder/ });
  await zone.scrollIntoViewIfNeeded();
  const { x, y, width } = (await zone.boundingBox()) ?? { x: 0, y: 0, width: 0 };
  expect(width).toBeGreaterThan(0);
  await drop(page, folder, { x: x + width / 2, y: y + 10 });
  await tunesmith.opened('my-checkpoint');
  await tunesmith.ready();

  // Beside the place for it, a file is taken for what it is.
  const rows = info.outputPath('rows.jsonl');
  await writeFile(rows, JSON.stringify({ instruction: 'What does a cow say?', output: 'Moo' }));
  await page.evaluate(() => scrollTo(0, 0));
  await drop(page, rows, { x: 200, y: 20 });
  await expect(page.getByTestId('example-counts')).toContainText(/Examples\s*1/);
});
