import type { Page } from '@playwright/test';

interface LayoutShift extends PerformanceEntry {
  /** Share of the screen that moved, times how far it went. */
  readonly value: number;
  /** It follows what a person did, who then expects it. */
  readonly hadRecentInput: boolean;
}

/** Counts from the next load on how much of the page moves by itself. */
export async function watchMoves(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const moved = { sum: 0 };
    Object.assign(window, { moved });
    new PerformanceObserver((list) => {
      for (const { value, hadRecentInput } of list.getEntries() as LayoutShift[]) {
        if (!hadRecentInput) moved.sum += value;
      }
    }).observe({ type: 'layout-shift', buffered: true });
  });
}

/** How much of the page has moved by itself since it was loaded: its cumulative layout shift. */
export async function movedSoFar(page: Page): Promise<number> {
  return await page.evaluate(async () => {
    // The observer is told of a move after the frame that shows it.
    for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
    return (window as unknown as { moved: { sum: number } }).moved.sum;
  });
}
