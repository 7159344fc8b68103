import type { Page } from '@playwright/test';
import { expect, test } from './site';

/** Runs something in the engine's worker before its own code. */
async function beforeEngine(page: Page, script: string): Promise<void> {
  await page.route(/\/assets\/worker-.*\.js$/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${script};\n${await response.text()}` });
  });
}

test('says that the processor computes where the adapter is a software one', async ({ page, tunesmith }) => {
  await tunesmith.open();
  await expect(page.getByTestId('device')).toContainText('Software rendering');
  await expect(page.getByTestId('device-note')).toContainText('on the processor, not on your GPU');
  await expect(page.getByTestId('device-note')).toContainText('How to use your GPU');
});

const LACKS = [
  {
    what: 'WebGPU',
    script: "Object.defineProperty(WorkerNavigator.prototype, 'gpu', { value: undefined })",
    message: 'This browser has no WebGPU',
  },
  {
    what: 'an adapter',
    script: 'GPU.prototype.requestAdapter = () => Promise.resolve(null)',
    message: 'This browser has WebGPU, but found no graphics card',
  },
];

for (const { what, script, message } of LACKS) {
  test(`says so plainly, and what to do, where the browser lacks ${what}`, async ({ page, tunesmith }) => {
    await beforeEngine(page, script);
    await page.goto('./');
    const note = page.getByTestId('device-note');
    await expect(note).toContainText(message);
    await expect(note).toContainText('How to get WebGPU');
    await expect(note.getByRole('listitem').first()).toBeVisible();
    await expect(page.getByTestId('device')).toContainText('No WebGPU');
    await expect(tunesmith.start).toBeDisabled();
    const chat = await tunesmith.to('chat');
    await expect(chat.getByLabel('Your question')).toBeDisabled();
    await expect(note).toContainText(message);
    await expect(tunesmith.start).toBeDisabled();
  });
}
