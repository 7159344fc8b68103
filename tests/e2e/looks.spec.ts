import type { Page, TestInfo } from '@playwright/test';
import { colour, expectContrast, expectNoViolation, expectStatesInForcedColours, LIGHT } from './axe';
import { expect, test } from './site';
import { STAGES, WIDTHS, type Tunesmith } from './tunesmith';

/** Widths that a picture is made of: a phone, a small laptop, a large screen. */
const PICTURED = [380, 1280, 1600];

/** Looks at the page as it is, in every width: nothing lies beside the screen's edge, and some widths get a picture. */
async function lookAt(page: Page, screen: string, info: TestInfo): Promise<void> {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    if (PICTURED.includes(width)) {
      const path = info.outputPath(`${screen}-${width}.png`);
      await page.screenshot({ path, animations: 'disabled' });
    }
    const beside = await page.evaluate(() => {
      const { scrollWidth, clientWidth } = document.documentElement;
      return scrollWidth - clientWidth;
    });
    expect(beside, `${screen} at ${width} pixels`).toBeLessThanOrEqual(0);
  }
  await page.setViewportSize({ width: 1280, height: 720 });
}

/** Fails if something on the stage has to be scrolled to be seen, on a small laptop. */
async function expectAllInView(page: Page, screen: string): Promise<void> {
  expect(page.viewportSize()).toEqual({ width: 1280, height: 720 });
  const scrolled = await page.evaluate(() => {
    const parts = [document.documentElement, ...document.querySelectorAll('main *')];
    return parts.flatMap((part) => {
      const scrolls =
        part === document.documentElement || /auto|scroll/.test(getComputedStyle(part).overflowY);
      const hidden = part.scrollHeight - part.clientHeight;
      return scrolls && part.clientHeight > 0 && hidden > 1 ? [`${part.className}: ${hidden} pixels`] : [];
    });
  });
  expect(scrolled, `${screen} is higher than the screen`).toEqual([]);
}

/** Looks at every stage. */
async function walk(page: Page, tunesmith: Tunesmith, when: string, info: TestInfo): Promise<void> {
  for (const stage of STAGES) {
    await tunesmith.show(stage);
    const screen = `${stage}-${when}`;
    await expectAllInView(page, screen);
    await lookAt(page, screen, info);
    await expectNoViolation(page, screen);
    // The colours are the same in both languages.
    if (when !== 'chinese') await expectContrast(page, screen);
  }
}

test('fits every screen and has no fault that axe finds, at every stage, in both languages and all colours', async ({
  page,
  tunesmith,
}, info) => {
  // Else a colour or a place is pictured on its way to another.
  await page.emulateMedia({ reducedMotion: 'reduce' });
  await tunesmith.open();
  await walk(page, tunesmith, 'before', info);

  await test.step('the ways to a model, and all settings', async () => {
    await tunesmith.way('From the Hub');
    await lookAt(page, 'model-hub', info);
    await tunesmith.way('The demo');
    await tunesmith.to('train');
    await page.getByRole('button', { name: 'All settings' }).click();
    await lookAt(page, 'settings', info);
    await expectNoViolation(page, 'all settings');
    await expectStatesInForcedColours(page, page.getByRole('dialog'), page.getByTestId('memory-bar').first());
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
  });

  await test.step('training: the curve, the numbers and the answers together', async () => {
    await tunesmith.set({ max_steps: '60', per_device_train_batch_size: '2' });
    await tunesmith.start.click();
    await tunesmith.reached(4);
    await tunesmith.button('pause').click();
    await expect(tunesmith.progress).toHaveAttribute('data-phase', 'paused');
    const together = async (screen: string) => {
      for (const part of ['loss-chart', 'numbers', 'samples', 'settings-line'])
        await expect(page.getByTestId(part)).toBeInViewport({ ratio: 1 });
      await expectAllInView(page, screen);
    };
    await together('train-paused');
    await lookAt(page, 'train-paused', info);
    await expectNoViolation(page, 'train-paused');
    await tunesmith.button('resume').click();
    await expect(tunesmith.progress).toHaveAttribute('data-phase', 'running');
    await tunesmith.reached(8);
    await together('train-running');
    await lookAt(page, 'train-running', info);
    await tunesmith.button('stop').click();
    await expect(tunesmith.progress).toHaveAttribute('data-phase', 'stopped');
    await together('train-stopped');
    for (const way of ['chat', 'export']) await expect(page.getByTestId(way)).toBeInViewport({ ratio: 1 });
  });

  await tunesmith.ask('Who are you?');
  await tunesmith.ask('What does a cat say?');
  await tunesmith.exported();
  await walk(page, tunesmith, 'after', info);

  await test.step('in Chinese', async () => {
    await page.getByRole('radio', { name: '中文' }).check();
    await expect(page.locator('html')).toHaveAttribute('lang', 'zh-Hans');
    await walk(page, tunesmith, 'chinese', info);
    await colour(page, { ...LIGHT, colorScheme: 'dark' });
    const dialog = page.getByRole('dialog');
    const lookAtDialog = async (name: string) => {
      await expect(dialog).toBeVisible();
      await lookAt(page, `${name}-chinese`, info);
      await expectNoViolation(page, name);
      await page.keyboard.press('Escape');
      await expect(dialog).toBeHidden();
    };
    await tunesmith.show('runs');
    await page.getByRole('button', { name: '更多操作' }).click();
    await expectNoViolation(page, 'menu of a run');
    await page.getByRole('menuitem', { name: '重命名' }).click();
    await lookAtDialog('renaming');
    await tunesmith.show('chat');
    await page.getByRole('button', { name: '对话记录' }).click();
    await lookAtDialog('conversations');
    await tunesmith.show('train');
    await page.getByRole('button', { name: '全部设置' }).click();
    await lookAtDialog('settings');
    await page.getByTestId('device').click();
    await lookAtDialog('advice');
  });
});
