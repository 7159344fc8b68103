import { AxeBuilder } from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { expect } from './site';

export interface Colours {
  readonly colorScheme: 'light' | 'dark';
  readonly forcedColors: 'none' | 'active';
}
export const LIGHT: Colours = { colorScheme: 'light', forcedColors: 'none' };
const COLOURS: readonly Colours[] = [
  { colorScheme: 'dark', forcedColors: 'none' },
  { colorScheme: 'dark', forcedColors: 'active' },
  { colorScheme: 'light', forcedColors: 'active' },
];

/** Shows the page in these colours. One on its way to another is neither: this waits for frames that show them. */
export async function colour(page: Page, colours: Colours): Promise<void> {
  await page.emulateMedia(colours);
  await page.evaluate(async () => {
    for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
  });
}

/** Fails if axe finds a violation on the page. */
export async function expectNoViolation(page: Page, where: string, rules?: string[]): Promise<void> {
  // The other mode opens a blank page for each look, to join what it finds in frames. There are none here.
  const builder = new AxeBuilder({ page }).setLegacyMode();
  const { violations } = await (rules ? builder.withRules(rules) : builder).analyze();
  const found = violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, html }) => `${id}: ${String(target)} ${html}`),
  );
  expect(found, where).toEqual([]);
}

/** Fails if a text can't be read in dark or in forced colours. The other rules don't depend on the colours. */
export async function expectContrast(page: Page, where: string): Promise<void> {
  for (const colours of COLOURS) {
    await colour(page, colours);
    await expectNoViolation(page, `${where}, ${JSON.stringify(colours)}`, ['color-contrast']);
  }
  await colour(page, LIGHT);
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

/** Fails if switches or the memory bar can't be told from what is around them in forced colours. */
export async function expectStatesInForcedColours(
  page: Page,
  switches: Locator,
  bar: Locator,
): Promise<void> {
  const background = (element: Element) => getComputedStyle(element).backgroundColor;
  for (const colorScheme of ['dark', 'light'] as const) {
    await colour(page, { colorScheme, forcedColors: 'active' });
    const around = await page.locator(':root').evaluate(background);
    const on = switches.locator('[data-state="checked"].switch').first();
    const off = switches.locator('[data-state="unchecked"].switch').first();
    const [onColor, offColor] = [await on.evaluate(background), await off.evaluate(background)];
    expect(contrast(onColor, offColor)).toBeGreaterThan(3);
    expect(contrast(onColor, await on.locator('.switch-thumb').evaluate(background))).toBeGreaterThan(3);
    expect(contrast(offColor, await off.locator('.switch-thumb').evaluate(background))).toBeGreaterThan(3);

    const edge = await bar.evaluate((element) => getComputedStyle(element).borderTopColor);
    expect(contrast(edge, around)).toBeGreaterThan(3);
    const parts = await bar
      .locator('span')
      .evaluateAll((spans) => spans.map((span) => getComputedStyle(span).backgroundColor));
    expect(parts.length).toBeGreaterThan(1);
    for (const part of parts) expect(contrast(part, around)).toBeGreaterThan(3);
  }
  await colour(page, LIGHT);
}
