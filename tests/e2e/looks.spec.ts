import type { Locator, Page } from '@playwright/test';
import { expect, test } from './site';
import { movedSoFar, watchMoves } from './layout_shift';
import { PLACES, type Step } from './tunesmith';

const WIDTHS = [380, 768, 1024, 1280, 1366, 1600, 1920];
const THEMES = ['light', 'dark'] as const;

/** Looks at the page as it is, in every width and theme: a picture of each, and nothing beside the screen's edge. */
async function lookAt(page: Page, screen: string, picture: (name: string) => string): Promise<void> {
  for (const colorScheme of THEMES) {
    await page.emulateMedia({ colorScheme });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      // Else what sticks to the top is pictured in the middle.
      await page.evaluate(() => scrollTo(0, 0));
      const path = picture(`${screen}-${width}-${colorScheme}.png`);
      await page.screenshot({ path, fullPage: true, animations: 'disabled' });
      const beside = await page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement;
        return scrollWidth - clientWidth;
      });
      expect(beside, `${screen} at ${width} pixels`).toBeLessThanOrEqual(0);
    }
  }
  await page.setViewportSize({ width: 1280, height: 720 });
}

test('fits every width in light and dark, at every stage of the way', async ({ page, tunesmith }, info) => {
  const picture = (name: string) => info.outputPath(name);
  await tunesmith.open();
  await lookAt(page, 'start', picture);
  for (const step of ['model', 'examples', 'train', 'chat', 'export', 'runs'] as const) {
    await tunesmith.to(step);
    await lookAt(page, step, picture);
  }
  await tunesmith.way('From the Hub');
  await lookAt(page, 'model-hub', picture);
  await tunesmith.way('The demo');
  await tunesmith.to('train');
  await page.getByRole('button', { name: 'All settings' }).click();
  await lookAt(page, 'settings', picture);
  const cut = await page
    .getByRole('dialog')
    .locator('select')
    .evaluateAll((fields) => {
      const context = document.createElement('canvas').getContext('2d');
      return fields.flatMap((field) => {
        const { font, paddingLeft, paddingRight } = getComputedStyle(field);
        const room = field.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
        if (context) context.font = font;
        const options = Array.from(field.querySelectorAll('option'), ({ text }) => text);
        return options.filter((text) => !context || context.measureText(text).width > room);
      });
    });
  expect(cut).toEqual([]);
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();

  await tunesmith.set({ max_steps: '60', per_device_train_batch_size: '2' });
  await tunesmith.start.click();
  await tunesmith.reached(4);
  await tunesmith.button('pause').click();
  await expect(tunesmith.progress).toHaveAttribute('data-phase', 'paused');
  await lookAt(page, 'train-paused', picture);
  await tunesmith.button('resume').click();
  await expect(tunesmith.progress).toHaveAttribute('data-phase', 'running');
  await tunesmith.reached(8);
  await lookAt(page, 'train-running', picture);
  await tunesmith.button('stop').click();
  await expect(tunesmith.progress).toHaveAttribute('data-phase', 'stopped');
  await lookAt(page, 'train-stopped', picture);

  await tunesmith.ask('Who are you?');
  await tunesmith.ask('What does a cat say?');
  await lookAt(page, 'chat-answers', picture);
  await tunesmith.exported();
  await lookAt(page, 'export-done', picture);
});

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
