import { expect, type Download, type Locator, type Page } from '@playwright/test';
import { readFile } from 'node:fs/promises';
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

async function said(answer: Locator): Promise<string> {
  return (await answer.locator('.said').allInnerTexts()).join('');
}
