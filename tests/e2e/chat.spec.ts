import { expect, type Download, type Locator, type Page } from '@playwright/test';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { writeDemoFolder } from '../onnx/demo';
import { test } from './site';

const SOON = { timeout: 60_000 };

/** Gives a setting of the chat a value, with the settings open. */
async function setAnswer(chat: Locator, name: string, value: string): Promise<void> {
  await chat.getByLabel(name, { exact: true }).fill(value);
}

async function saved(page: Page, what: string): Promise<{ name: string; text: string }> {
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('menuitem', { name: what }).click();
  const download: Download = await downloading;
  return { name: download.suggestedFilename(), text: await readFile(await download.path(), 'utf8') };
}

test('chats with base and tuned side by side: arrives, asks, stops, asks again, edits, saves, comes back', async ({
  page,
  tunesmith,
}) => {
  await page.setViewportSize({ width: 1280, height: 720 });
  await tunesmith.open();
  await tunesmith.set({ max_steps: '2' });
  await tunesmith.ready();
  await tunesmith.train();
  const chat = tunesmith.step('chat');
  const field = chat.getByLabel('Your question');
  const send = chat.getByRole('button', { name: 'Send' });
  const { base, tuned } = tunesmith.answers();

  await test.step('“Chat with it” leads to the field, which stands on the page without scrolling', async () => {
    await page.getByRole('button', { name: 'Chat with it' }).click();
    await expect(field).toBeFocused();
    await expect(send).toBeInViewport();
  });

  await test.step('Enter sends, but not while an input method composes', async () => {
    await field.fill('Who are you?');
    await expect(chat.getByTestId('chat-tokens')).toHaveText(/^\d+ of 512 tokens$/, SOON);
    await field.dispatchEvent('keydown', { key: 'Enter', isComposing: true });
    await field.dispatchEvent('keydown', { key: 'Enter', keyCode: 229 });
    await expect(field).toHaveValue('Who are you?');
    const answers = await tunesmith.ask('Who are you?');
    expect(answers.base).not.toBe('');
    const [left, right] = [await base.boundingBox(), await tuned.boundingBox()];
    expect(left!.y).toBe(right!.y);
    expect(right!.x).toBeGreaterThan(left!.x + left!.width);
  });

  await test.step('a wrong setting is explained, and nothing is sent before it is corrected', async () => {
    await chat.getByRole('button', { name: 'Settings' }).click();
    await field.fill('And now?');
    await setAnswer(chat, 'temperature', '500');
    await expect(chat.getByText('temperature must be a number from 0 to 100, not 500.')).toBeVisible();
    await expect(chat.getByText('Correct temperature in the settings first.')).toBeVisible();
    await expect(send).toBeDisabled();
    await expect(chat.getByLabel('temperature', { exact: true })).toHaveValue('500');
    await setAnswer(chat, 'temperature', '100');
    await expect(send).toBeEnabled();
  });

  await test.step('a question that is too long stays in the field, with the reason', async () => {
    await field.fill('cat '.repeat(600));
    await expect(
      chat.getByText(/^Too long by [\d,]+ tokens; a conversation has room for [\d,]+ here/),
    ).toBeVisible(SOON);
    await expect(send).toBeDisabled();
    await field.fill('');
  });

  await test.step('one answer is stopped, then all of them by Escape', async () => {
    // Any token may come next: the answers are long.
    await setAnswer(chat, 'top_k', '0');
    await setAnswer(chat, 'top_p', '1');
    await setAnswer(chat, 'max_new_tokens', '400');
    await field.fill('Tell me a story');
    await expect(send).toBeEnabled();
    await field.press('Enter');
    await expect(base.last()).toContainText('writing…', SOON);
    await expect(tuned.last()).toContainText('writing…', SOON);
    await chat.getByRole('button', { name: 'Stop: Base' }).click();
    await expect(base.last()).toContainText('stopped', SOON);
    await expect(tuned.last()).toContainText('writing…');
    await page.keyboard.press('Escape');
    await expect(tuned.last()).toContainText('stopped', SOON);
    await expect(send).toBeVisible(SOON);
  });

  await test.step('one side answers again, by another seed', async () => {
    await setAnswer(chat, 'max_new_tokens', '8');
    const [before, other] = [await said(tuned.last()), await said(base.last())];
    await chat.getByRole('button', { name: 'Answer again: Tuned' }).click();
    await expect(send).toBeVisible(SOON);
    expect(await said(tuned.last())).not.toBe(before);
    expect(await said(base.last())).toBe(other);
  });

  await test.step('an earlier question that is edited begins a conversation of its own', async () => {
    await chat.getByRole('button', { name: 'Edit the question' }).first().click();
    const editor = chat.getByRole('textbox', { name: 'Edit the question' });
    await editor.fill('What does a cat say?');
    await editor.press('Enter');
    await expect(send).toBeVisible(SOON);
    await expect(chat.getByText('Tell me a story')).toHaveCount(0);
    await chat.getByRole('button', { name: 'Conversations' }).click();
    const list = page.getByRole('dialog');
    await expect(list.getByRole('listitem')).toHaveCount(2);
    await list.getByRole('button', { name: 'Open: Who are you?' }).click();
    await expect(chat.getByText('Tell me a story')).toBeVisible();
  });

  await test.step('it is saved to read, and as rows to train on', async () => {
    const markdown = await saved(page, 'As Markdown, to read');
    expect(markdown.name).toMatch(/^conversation-\d{4}-\d\d-\d\d\.md$/);
    expect(markdown.text).toContain('Tell me a story');
    const rows = await saved(page, 'As JSON, to train on');
    await tunesmith.to('examples');
    await page.getByRole('radio', { name: 'Your own examples' }).check();
    const file = { name: rows.name, mimeType: 'application/json', buffer: Buffer.from(rows.text) };
    await tunesmith.give('examples', [file]);
    await expect(page.getByRole('navigation').getByText('2 examples')).toBeAttached(SOON);
  });

  await test.step('after a reload it is there, and is not what another model has said', async () => {
    await tunesmith.to('chat');
    await page.reload();
    await expect(chat.getByText('Tell me a story')).toBeVisible(SOON);
  });
});

/** Opens the demo as an ONNX folder, from the dialog that is on show. */
async function openExport(page: Page, folder: string): Promise<void> {
  await page.getByRole('dialog').locator('input[webkitdirectory]').setInputFiles(folder);
  await expect(page.getByTestId('export-bar')).toContainText('pirate-onnx', SOON);
}

test.describe('an ONNX export', () => {
  let folder: string;
  test.beforeAll(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'tunesmith-')), 'pirate-onnx');
    await writeDemoFolder(folder);
  });
  test.afterAll(async () => {
    await rm(dirname(folder), { recursive: true });
  });

  test('answers beside the base, on the processor and on the GPU, in the same words', async ({
    page,
    tunesmith,
  }) => {
    await tunesmith.open();
    const chat = await tunesmith.to('chat');
    await chat.getByRole('button', { name: 'Open an export' }).click();
    await openExport(page, folder);
    const [base, exported] = [page.getByTestId('answer-base'), page.getByTestId('answer-export')];
    await chat.getByRole('button', { name: 'Settings' }).click();
    await setAnswer(chat, 'temperature', '0');
    for (const device of ['wasm', 'webgpu']) {
      await chat.getByLabel('Device for the export').selectOption(device);
      await expect(page.getByTestId('export-bar')).toHaveAttribute('data-device', device, SOON);
      await chat.getByLabel('Your question').fill('What does a cat say?');
      await chat.getByRole('button', { name: 'Send' }).click();
      await expect(exported.last()).toContainText('tokens/s', SOON);
      await expect(base.last()).toContainText('tokens/s', SOON);
      expect(await said(exported.last())).toBe(await said(base.last()));
      expect(await said(exported.last())).not.toBe('');
    }
    await chat.getByRole('button', { name: 'Close the export' }).click();
    await expect(page.getByTestId('export-bar')).toHaveCount(0);
  });

  test('answers where the browser has no WebGPU', async ({ page, tunesmith }) => {
    await withoutWebGpu(page);
    await page.goto('./');
    const note = page.getByTestId('device-note');
    await note.getByRole('button', { name: 'Open an export' }).click();
    await openExport(page, folder);
    await expect(page.getByTestId('export-bar')).toContainText('on the processor');
    const chat = tunesmith.step('chat');
    const field = chat.getByLabel('Your question');
    const answer = page.getByTestId('answer-export').last();
    await field.fill('Who are you?');
    await field.press('Enter');
    await expect(answer).toContainText('tokens/s', SOON);
    await expect(page.getByTestId('answer-base')).toHaveCount(0);

    await chat.getByRole('button', { name: 'Settings' }).click();
    for (const [name, value] of Object.entries({ top_k: '0', top_p: '1', temperature: '100' })) {
      await setAnswer(chat, name, value);
    }
    await setAnswer(chat, 'max_new_tokens', '450');
    await field.fill('Tell me a story');
    await field.press('Enter');
    await expect(answer).toContainText('writing…', SOON);
    await page.keyboard.press('Escape');
    await expect(answer).toContainText('stopped', SOON);
  });

  test('that is not whole is refused with the reason', async ({ page, tunesmith }) => {
    await withoutWebGpu(page);
    await page.goto('./');
    await tunesmith.to('chat');
    await tunesmith.step('chat').getByRole('button', { name: 'Open an export' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('input[webkitdirectory]').setInputFiles(join(folder, 'onnx'));
    await expect(dialog).toContainText('config.json', SOON);
    await expect(dialog.getByRole('alert')).toBeVisible();
  });
});

/** Takes WebGPU away from the engine and from the worker of the export. */
async function withoutWebGpu(page: Page): Promise<void> {
  await page.route(/\/assets\/(onnx_)?worker-.*\.js$/, async (route) => {
    const response = await route.fetch();
    const script = "Object.defineProperty(WorkerNavigator.prototype, 'gpu', { value: undefined })";
    await route.fulfill({ response, body: `${script};\n${await response.text()}` });
  });
}

async function said(answer: Locator): Promise<string> {
  return (await answer.locator('.said').allInnerTexts()).join('');
}
