import type { Page } from '@playwright/test';
import { dirname, join } from 'node:path';
import { ensureBuilt } from '../../tools/lib/build.mjs';
import { expect, test } from './site';
import { Tunesmith } from './tunesmith';

// The runs that are interrupted are compared with the one that is not, byte by byte.
test.describe.configure({ mode: 'serial' });

const SETTINGS = {
  max_steps: '10',
  save_steps: '3',
  eval_steps: '5',
  per_device_train_batch_size: '2',
};
let undisturbed: Buffer;

/** Destroys the device of the page's engine when it is next used; resolves when that has happened. */
async function destroyDevice(page: Page): Promise<void> {
  const [worker] = page.workers();
  await worker?.evaluate(async () => {
    const name = 'createCommandEncoder';
    const original = Object.getOwnPropertyDescriptor(GPUDevice.prototype, name) ?? {};
    await new Promise<void>((resolve) => {
      Object.defineProperty(GPUDevice.prototype, name, {
        ...original,
        value(this: GPUDevice, descriptor?: GPUCommandEncoderDescriptor) {
          Object.defineProperty(GPUDevice.prototype, name, original);
          this.destroy();
          resolve();
          return this.createCommandEncoder(descriptor);
        },
      });
    });
  });
}

test('trains without an interruption', async ({ tunesmith }) => {
  await tunesmith.open();
  await tunesmith.set(SETTINGS);
  await tunesmith.train();
  undisturbed = await tunesmith.adapterBytes();
  expect(undisturbed.length).toBeGreaterThan(1_000_000);
});

test('goes on after its device is lost in mid-training, and answers after it is lost again', async ({
  page,
  tunesmith,
}) => {
  await tunesmith.open();
  await tunesmith.set(SETTINGS);
  await tunesmith.start.click();
  await tunesmith.reached(4);
  const told = tunesmith.told(
    /Recovering · The connection to the graphics card was lost\. The run continues from step [36]\./,
  );
  await destroyDevice(page);
  await told;
  await tunesmith.finished();
  expect((await tunesmith.adapterBytes()).equals(undisturbed)).toBe(true);

  const asked = tunesmith.ask('What does a cat say?');
  await destroyDevice(page);
  expect((await asked).tuned).not.toBe('');
});

/** Lets the engine's next saving of a checkpoint begin and never end; resolves when it has begun. */
async function holdSaving(page: Page): Promise<void> {
  const [worker] = page.workers();
  await worker?.evaluate(async () => {
    type Put = (this: IDBObjectStore, value: unknown, key?: IDBValidKey) => IDBRequest<IDBValidKey>;
    const put = Reflect.get(IDBObjectStore.prototype, 'put') as Put;
    await new Promise<void>((resolve) => {
      IDBObjectStore.prototype.put = function (value: unknown, key) {
        const request = put.call(this, value, key);
        if (this.name !== 'checkpoints') return request;
        // A transaction lasts as long as it is asked for something.
        const ask = (): void => {
          this.count().onsuccess = ask;
        };
        request.addEventListener('success', () => {
          ask();
          resolve();
        });
        return request;
      };
    });
  });
}

test('goes on from the checkpoint before one that the tab was closed on', async ({
  page,
  context,
  tunesmith,
}) => {
  await tunesmith.open();
  await tunesmith.set(SETTINGS);
  await tunesmith.start.click();
  await expect(tunesmith.step('train')).toContainText('Saved at step 3', { timeout: 120_000 });
  await holdSaving(page);
  await page.close();

  const next = new Tunesmith(await context.newPage());
  await next.page.goto('./');
  await expect(next.button('continue')).toHaveText('Continue from step 3', { timeout: 60_000 });
  await next.button('continue').click();
  await next.finished();
  expect((await next.adapterBytes()).equals(undisturbed)).toBe(true);
});

test('goes on after a reload in mid-training, over a model of its own, in one tab at a time', async ({
  page,
  context,
  tunesmith,
}) => {
  await tunesmith.open();
  const folder = join(dirname(await ensureBuilt('page', console.error)), 'models', 'demo');
  await tunesmith.way('From disk');
  await tunesmith.give('model', folder);
  await expect(page.getByTestId('model-facts')).toContainText('demo', { timeout: 60_000 });
  await tunesmith.ready();
  await tunesmith.set(SETTINGS);
  await tunesmith.start.click();
  await tunesmith.reached(4);
  let asked = '';
  page.once('dialog', (dialog) => {
    asked = dialog.type();
    void dialog.accept();
  });
  await page.reload();
  expect(asked).toBe('beforeunload');

  const goOn = tunesmith.button('continue');
  await expect(goOn).toHaveText(/^Continue from step [36]$/);
  const other = new Tunesmith(await context.newPage());
  await other.page.goto('./');
  await expect(other.button('continue')).toBeVisible();

  await page.bringToFront();
  await goOn.click();
  await tunesmith.button('pause').click();
  await expect(tunesmith.progress).toHaveAttribute('data-phase', 'paused');
  await other.page.bringToFront();
  await expect(other.button('continue')).toHaveCount(0);
  await other.to('runs');
  const run = other.page.getByTestId('run');
  await expect(run).toContainText('in use in another tab');
  await expect(run.getByRole('button', { name: 'Continue' })).toBeDisabled();
  await page.bringToFront();

  await tunesmith.button('resume').click();
  await tunesmith.finished();
  await expect(page.getByTestId('loss-chart')).toHaveAttribute('data-points', '10');
  await expect(run).toContainText('finished');
  await expect(run.getByRole('button', { name: 'Open' })).toBeEnabled();
  expect((await tunesmith.adapterBytes()).equals(undisturbed)).toBe(true);
});
