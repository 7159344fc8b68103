import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { movedSoFar, watchMoves } from './layout_shift';
import { expect, test } from './site';

const PLACES = ['start', 'model', 'examples', 'train', 'chat', 'export', 'runs'];
const WIDTHS = [380, 768, 1024, 1280, 1366, 1600, 1920];
const CONTRAST = ['color-contrast'];
const COLOURS = [
  { colorScheme: 'dark', forcedColors: 'none' },
  { colorScheme: 'dark', forcedColors: 'active' },
  { colorScheme: 'light', forcedColors: 'active' },
] as const;
type Colours = (typeof COLOURS)[number];

/** Shows a place without the mouse: what moves then moves by itself. */
async function show(page: Page, place: string): Promise<void> {
  await page.evaluate((hash) => (location.hash = hash), place);
  await expect(page.locator(`#${place}`)).toBeVisible();
}

/** The violations that axe finds on the page, in a form that reads well in a failure. */
async function violations(page: Page, rules?: string[]): Promise<string[]> {
  const builder = new AxeBuilder({ page });
  const { violations } = await (rules ? builder.withRules(rules) : builder).analyze();
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, html }) => `${id}: ${String(target)} ${html}`),
  );
}

/** Looks at every place of the page. */
async function checkPlaces(page: Page, when: string, colours: readonly Colours[] = []): Promise<void> {
  for (const place of PLACES) {
    await show(page, place);
    expect(await violations(page), `${place}, ${when}`).toEqual([]);
    // The other rules don't depend on the colours.
    for (const media of colours) {
      await page.emulateMedia(media);
      expect(await violations(page, CONTRAST), `${place}, ${JSON.stringify(media)}`).toEqual([]);
    }
    await page.emulateMedia({ colorScheme: 'light', forcedColors: 'none' });
  }
}

/** The contrast between two computed colours (WCAG 2.2). */
function contrast(one: string, other: string): number {
  const luminance = (color: string) => {
    const [red = 0, green = 0, blue = 0] = (color.match(/[\d.]+/g) ?? []).map((value) => {
      const share = Number(value) / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

const background = (element: Element) => getComputedStyle(element).backgroundColor;

test('has no fault that axe finds, at every stage, in both languages and all colours', async ({
  page,
  tunesmith,
}) => {
  // A colour on its way to another is neither.
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await tunesmith.open();
  await checkPlaces(page, 'before training');

  await show(page, 'train');
  await tunesmith.set({ max_steps: '3', per_device_train_batch_size: '2' });
  await page.getByRole('button', { name: 'All settings' }).click();
  expect(await violations(page), 'all settings').toEqual([]);
  await page.keyboard.press('Escape');
  await show(page, 'start');
  await tunesmith.train();
  await show(page, 'chat');
  await tunesmith.ask('What does a cat say?');
  await checkPlaces(page, 'after training', COLOURS);

  await page.getByRole('radio', { name: '中文' }).check();
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-Hans');
  await checkPlaces(page, 'in Chinese');
});

test('tells states in forced colours, too', async ({ page, tunesmith }) => {
  await tunesmith.open();
  await show(page, 'train');
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme, forcedColors: 'active', reducedMotion: 'reduce' });
    const around = await page
      .locator('body')
      .evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const on = page.locator('.switch[data-state="checked"]').first();
    const off = page.locator('.switch[data-state="unchecked"]').first();
    const [onColor, offColor] = [await on.evaluate(background), await off.evaluate(background)];
    expect(contrast(onColor, offColor)).toBeGreaterThan(3);
    expect(contrast(onColor, await on.locator('.switch-thumb').evaluate(background))).toBeGreaterThan(3);
    expect(contrast(offColor, await off.locator('.switch-thumb').evaluate(background))).toBeGreaterThan(3);

    const bar = page.getByTestId('memory-bar').first();
    const edge = await bar.evaluate((element) => getComputedStyle(element).borderTopColor);
    expect(contrast(edge, around)).toBeGreaterThan(3);
    const parts = await bar
      .locator('span')
      .evaluateAll((spans) => spans.map((span) => getComputedStyle(span).backgroundColor));
    expect(parts.length).toBeGreaterThan(1);
    for (const part of parts) expect(contrast(part, around)).toBeGreaterThan(3);
  }
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
      for (const place of PLACES) await show(page, place);
      const moved = await movedSoFar(page);
      expect(moved, `at ${width} pixels from ${first}`).toBeLessThan(0.05);
    }
  }
});
