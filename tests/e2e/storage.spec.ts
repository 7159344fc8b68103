import type { Page } from '@playwright/test';
import { expect, test } from './site';

/** The browser's stored data of the run, read like the page's own scripts. */
const DATABASE = 'tunesmith-runs';

/** Ends the engine's next saving of a checkpoint as a browser does whose quota is used up. */
async function useUpQuota(page: Page): Promise<void> {
  await page.workers()[0]?.evaluate(() => {
    type Put = (this: IDBObjectStore, value: unknown, key?: IDBValidKey) => IDBRequest<IDBValidKey>;
    const put = Reflect.get(IDBObjectStore.prototype, 'put') as Put;
    IDBObjectStore.prototype.put = function (value: unknown, key) {
      const request = put.call(this, value, key);
      if (this.name !== 'checkpoints') return request;
      IDBObjectStore.prototype.put = put;
      const { transaction } = this;
      const error = new DOMException('Encountered full disk', 'QuotaExceededError');
      Object.defineProperty(transaction, 'error', { value: error });
      queueMicrotask(() => transaction.abort());
      return request;
    };
  });
}

/** Puts something else in the place of everything in an object store. */
async function overwrite(page: Page, store: 'records' | 'checkpoints' | 'examples'): Promise<void> {
  await page.evaluate(
    ([name, target]) =>
      new Promise<void>((resolve, reject) => {
        const opening = indexedDB.open(name);
        opening.onerror = () => reject(new Error('no database'));
        opening.onsuccess = () => {
          const database = opening.result;
          const transaction = database.transaction(target, 'readwrite');
          const objects = transaction.objectStore(target);
          const keys = objects.getAllKeys();
          keys.onsuccess = () => {
            for (const key of keys.result) objects.put(new Blob(['no checkpoint']), key);
          };
          transaction.onabort = () => reject(new Error('not written'));
          transaction.oncomplete = () => {
            database.close();
            resolve();
          };
        };
      }),
    [DATABASE, store] as const,
  );
}

test('tells of a full, a damaged and a cleared storage, and goes on', async ({ page, tunesmith }) => {
  const train = tunesmith.step('train');
  const runs = page.getByTestId('runs');
  page.on('dialog', (dialog) => void dialog.accept());
  await tunesmith.open();

  await test.step('use up the quota in mid-training, and go on when there is room', async () => {
    // More steps than a quick device takes until the pause.
    await tunesmith.set({ max_steps: '12', save_steps: '4', per_device_train_batch_size: '2' });
    await tunesmith.start.click();
    await expect(train).toContainText('Saved at step 4', { timeout: 120_000 });
    await tunesmith.button('pause').click();
    await expect(tunesmith.progress).toHaveAttribute('data-phase', 'paused');
    await useUpQuota(page);
    await tunesmith.button('resume').click();
    const alert = train.getByRole('alert');
    await expect(alert).toContainText(/The storage is full: the checkpoint of step \d+ needs/, {
      timeout: 60_000,
    });
    await expect(alert).toContainText('Everything saved before is still there.');
    await alert.getByRole('button', { name: /^Continue from step \d+$/ }).click();
    await tunesmith.finished();
  });

  await test.step('find its examples and its checkpoints damaged', async () => {
    for (const [store, words] of [
      ['examples', 'The run’s examples (pirate.jsonl) are no longer in storage.'],
      ['checkpoints', 'have changed since they were written.'],
    ] as const) {
      await overwrite(page, store);
      await page.reload();
      await tunesmith.ready();
      await tunesmith.to('runs');
      await runs.getByRole('button', { name: 'Open' }).click();
      await expect(runs.getByRole('alert')).toContainText(words, { timeout: 60_000 });
      await expect(runs.getByRole('alert')).not.toContainText(/undefined|TypeError|DOMException/);
    }
  });

  await test.step('find its record damaged, and remove what is left of it', async () => {
    await overwrite(page, 'records');
    await page.reload();
    await tunesmith.ready();
    await tunesmith.to('runs');
    await expect(runs).toContainText('1 run can’t be read here');
    await runs.getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
    await expect(runs).not.toContainText('read here');
    await expect(runs).toContainText('A run appears here');
  });

  await test.step('train while the browser clears the database, and after it', async () => {
    await tunesmith.set({ max_steps: '4', save_steps: '2', per_device_train_batch_size: '2' });
    await tunesmith.start.click();
    await expect(train).toContainText('Saved at step 2', { timeout: 120_000 });
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Storage.clearDataForOrigin', {
      origin: new URL(page.url()).origin,
      storageTypes: 'indexeddb',
    });
    await tunesmith.finished();
    expect((await tunesmith.adapterBytes()).length).toBeGreaterThan(1_000_000);
    await page.reload();
    await tunesmith.ready();
    await tunesmith.to('runs');
    await expect(runs.getByRole('listitem')).toHaveCount(1);
    await runs.getByRole('button', { name: 'Open' }).click();
    await expect(runs.getByRole('alert')).toContainText('are no longer in storage.', { timeout: 60_000 });
    await tunesmith.to('chat');
    await page.getByRole('button', { name: 'What does a cat say?' }).click();
    await expect(tunesmith.answers().base).toContainText('tokens/s', { timeout: 60_000 });
  });
});
