import type { Locator } from '@playwright/test';
import { movedSoFar, watchMoves } from './layout_shift';
import { expect, test } from './site';
import { PLACES, STAGES, WIDTHS, type Step } from './tunesmith';

test('can be used by keyboard and screen reader', async ({ page, tunesmith }) => {
  await watchMoves(page);
  await tunesmith.open();

  await test.step('names all its parts', async () => {
    await expect(page.getByRole('banner').getByRole('heading', { level: 1 })).toHaveText('Tunesmith');
    await expect(page.getByRole('main')).toHaveCount(1);
    await expect(page.getByRole('navigation', { name: 'Steps' }).getByRole('link')).toHaveCount(6);
    for (const [step, name] of Object.entries(PLACES) as [Step, string][]) {
      await tunesmith.to(step);
      const part = page.getByRole('region', { name, exact: true });
      await expect(part.getByRole('heading', { level: 2, name })).toBeFocused();
      await expect(page).toHaveTitle(`${name} – Tunesmith`);
      await expect(page).toHaveURL(new RegExp(`#${step}$`));
      // A control without a name is listed as its role alone.
      const outline = await page.locator('body').ariaSnapshot();
      const nameless =
        /^\s*- (button|link|textbox|radio|switch|checkbox|combobox|slider|progressbar)(:| \[|$)/;
      expect(outline.split('\n').filter((line) => nameless.test(line))).toEqual([]);
    }
    await page.goBack();
    await expect(tunesmith.step('export')).toBeVisible();
    await page.reload();
    await expect(tunesmith.step('export')).toBeVisible();
    await tunesmith.ready();
  });

  await test.step('reaches the main controls in their order', async () => {
    const reach = async (control: Locator): Promise<void> => {
      const focused = () => control.evaluate((element) => element === document.activeElement);
      for (let presses = 0; presses < 20 && !(await focused()); presses++) await page.keyboard.press('Tab');
      await expect(control).toBeFocused();
    };
    await page.goto('./#start');
    await page.reload();
    await tunesmith.ready();
    await reach(page.getByRole('link', { name: 'Skip to the content' }));
    await page.keyboard.press('Enter');
    await reach(tunesmith.start);
    for (const [step, first, second] of [
      ['model', page.getByRole('radio', { name: 'The demo' }), page.getByText('More', { exact: true })],
      [
        'examples',
        page.getByRole('radio', { name: 'The demo examples' }),
        page.getByRole('button', { name: 'Next' }),
      ],
      [
        'train',
        page.getByRole('radio', { name: 'Balanced' }),
        page.getByRole('button', { name: 'All settings' }),
      ],
      ['chat', page.getByRole('button', { name: 'What does a cat say?' }), page.getByLabel('Your question')],
      [
        'export',
        page.getByRole('button', { name: 'Choose folder' }),
        page.getByRole('button', { name: 'Choose files' }),
      ],
    ] as const) {
      await page.getByRole('navigation').getByRole('link', { name: PLACES[step] }).focus();
      await page.keyboard.press('Enter');
      await expect(tunesmith.step(step)).toBeVisible();
      await reach(first);
      await reach(second);
      await reach(tunesmith.start);
    }
  });

  await test.step('trains and stops by keys alone, says how it goes, and keeps still', async () => {
    await page.goto('./#start');
    const before = await movedSoFar(page);
    await tunesmith.start.focus();
    await page.keyboard.press('Enter');
    const said = page.getByTestId('train-summary');
    await expect(said).toHaveAttribute('aria-live', 'polite');
    await expect(said).toHaveText(/Training\. Step \d+ of \d+, loss [\d.]+\./, { timeout: 120_000 });
    await expect(page).toHaveTitle(/^\d+% · Training – Tunesmith$/);
    await tunesmith.button('stop').focus();
    await page.keyboard.press('Enter');
    await expect(said).toContainText('Stopped.', { timeout: 60_000 });
    expect((await movedSoFar(page)) - before).toBeLessThan(0.02);
  });
});

test('keeps still while it loads and while its stages are looked at, at every width', async ({
  page,
  tunesmith,
}) => {
  await watchMoves(page);
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 720 });
    // Most arrives late on the stage of training. The start has two layouts, of a phone and of a wide screen.
    for (const first of width === 380 || width === 1280 ? ['start', 'train'] : ['train']) {
      await page.goto('about:blank');
      await page.goto(`./#${first}`);
      await tunesmith.ready();
      await expect(page.getByTestId('device')).toContainText('Software');
      for (const place of STAGES) await tunesmith.show(place);
      const moved = await movedSoFar(page);
      expect(moved, `at ${width} pixels from ${first}`).toBeLessThan(0.05);
    }
  }
});
