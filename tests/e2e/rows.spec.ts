import { expectContrast, expectNoViolation } from './axe';
import { expect, test } from './site';

const COUNT = 30_000;

test('shows 30,000 rows, searched, sorted, opened and edited, with few of them on the page', async ({
  page,
  tunesmith,
}) => {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await tunesmith.open();
  const examples = await tunesmith.to('examples');
  await examples.getByRole('radio', { name: 'Your own examples' }).check();
  const row = (n: number) => JSON.stringify({ instruction: `Number ${n}?`, output: `It is ${n}.` });
  const text = Array.from({ length: COUNT }, (_, n) => row(n)).join('\n');
  await tunesmith.give('examples', [
    { name: 'numbers.jsonl', mimeType: 'application/jsonl', buffer: Buffer.from(text) },
  ]);
  const view = page.getByTestId('rows');
  const list = view.getByRole('listbox');
  const options = list.getByRole('option');
  const opened = page.getByTestId('row');
  const scrollTo = (share: number) =>
    list.evaluate((element, at) => (element.scrollTop = at * element.scrollHeight), share);

  await test.step('all of them can be reached', async () => {
    await examples.getByRole('radio', { name: 'Rows', exact: true }).check();
    await expect(view).toContainText('30,000 of 30,000 rows', { timeout: 60_000 });
    await expect(options.first()).toContainText('Number 0?');
    await scrollTo(0.5);
    await expect(options.filter({ hasText: 'Number 15000?' })).toBeVisible();
    await scrollTo(1);
    await expect(options.filter({ hasText: 'Number 29999?' })).toBeVisible();
    expect(await options.count()).toBeLessThan(60);
    await list.focus();
    await page.keyboard.press('Home');
    await expect(options.first()).toHaveAttribute('aria-selected', 'true');
    await page.keyboard.press('ArrowDown');
    await expect(opened.getByRole('heading')).toHaveText('Row 2');
    await page.keyboard.press('Escape');
    await expect(opened).toHaveCount(0);
    await expectNoViolation(page, 'rows');
    await expectContrast(page, 'rows');
  });

  await test.step('they are searched and sorted', async () => {
    await view.getByLabel('Search the rows').fill('number 2999');
    await expect(view).toContainText('11 of 30,000 rows');
    await view.getByLabel('in rising order').click();
    await expect(options.first()).toContainText('Number 29999?');
  });

  await test.step('one is left out in its place, and taken back', async () => {
    await options.nth(3).click();
    await expect(opened).toContainText('numbers.jsonl, record 29,997');
    await opened.getByRole('button', { name: 'Leave out' }).click();
    await expect(opened.locator('.flags')).toHaveText('left out');
    await expect(options.nth(3)).toHaveAttribute('aria-selected', 'true');
    await expectNoViolation(page, 'an open row');
    await view.getByRole('button', { name: 'Undo' }).click();
    await expect(opened.locator('.flags')).toHaveCount(0);
    await expect(options.nth(3)).toContainText('Number 29996?');
  });
});
