import { flushSync } from 'svelte';
import { beforeEach, expect, it, vi } from 'vitest';
import { DEFAULTS } from '../../src/core/settings/settings';
import { language } from '../../src/ui/language.svelte';
import { plotRuns } from '../../src/ui/runs/compare_plot';
import CompareChart from '../../src/ui/runs/CompareChart.svelte';
import LossChart from '../../src/ui/train/LossChart.svelte';
import { makePlot, updatePlot } from '../../src/ui/train/plot';
import TrainStep from '../../src/ui/train/TrainStep.svelte';
import type { TrainEvent } from '../../src/worker/protocol';
import { runRecord, stepEvent } from '../unit/ui/engine';
import { appOver, control, press, show } from './page';

// A DOM without a layout draws nothing.
vi.mock(import('../../src/ui/train/plot'));
vi.mock(import('../../src/ui/runs/compare_plot'));

const plots: { destroy: () => void; setSize: () => void }[] = [];
function plot(): never {
  const made = { destroy: vi.fn(), setSize: vi.fn() };
  plots.push(made);
  return made as never;
}

beforeEach(() => {
  plots.length = 0;
  vi.mocked(makePlot).mockReset().mockImplementation(plot);
  vi.mocked(plotRuns).mockReset().mockImplementation(plot);
  vi.mocked(updatePlot).mockReset();
  language.choose('en');
});

it('the curve gets new steps in the chart that is there, which only colours, scale and language make anew', async () => {
  vi.useFakeTimers();
  let tell: (event: TrainEvent) => void = () => undefined;
  const start = (_: unknown, listener: typeof tell) => {
    tell = listener;
    return new Promise(() => undefined);
  };
  const app = appOver({ runs: { start } });
  void app.training.start(DEFAULTS, 'new');
  show(TrainStep, app, {});
  expect(makePlot).not.toHaveBeenCalled();
  tell({ event: 'state', state: 'running' });
  for (const step of [1, 2, 3, 4]) {
    tell(stepEvent(step));
    // Steps are drawn now and then, not each by itself.
    await vi.advanceTimersByTimeAsync(1000);
    flushSync();
  }
  vi.useRealTimers();
  expect(makePlot).toHaveBeenCalledOnce();
  expect(vi.mocked(updatePlot).mock.lastCall?.[1].steps).toEqual([1, 2, 3, 4]);

  app.view.change({ smoothing: false });
  flushSync();
  expect(vi.mocked(updatePlot).mock.lastCall?.[1].smoothed).toEqual([null, null, null, null]);
  expect(makePlot).toHaveBeenCalledOnce();

  app.view.change({ logScale: true });
  flushSync();
  expect(vi.mocked(makePlot).mock.lastCall?.[2].logScale).toBe(true);
  app.theme.choose('dark');
  flushSync();
  language.choose('zh');
  flushSync();
  expect(makePlot).toHaveBeenCalledTimes(4);
  for (const former of plots.slice(0, -1)) expect(former.destroy).toHaveBeenCalledOnce();
  expect(vi.mocked(makePlot).mock.lastCall?.[1].steps).toEqual([1, 2, 3, 4]);
});

it('files that are evaluated by themselves have curves and names, in a chart that is made for them', () => {
  const losses = (step: number, eval_losses: Record<string, number>): TrainEvent => ({
    event: 'eval',
    step,
    eval_loss: 2,
    perplexity: 8,
    eval_losses,
  });
  const events = [
    stepEvent(1),
    losses(1, { 'a.csv': 3, 'b.csv': 1 }),
    stepEvent(2),
    losses(2, { 'a.csv': 2.5 }),
  ];
  const shown = show(LossChart, appOver(), { events });
  expect(vi.mocked(makePlot).mock.lastCall?.[1].sources).toEqual([
    { name: 'a.csv', losses: [3, 2.5] },
    { name: 'b.csv', losses: [1, null] },
  ]);
  expect(Array.from(shown.querySelectorAll('.source'), (each) => each.textContent)).toEqual([
    'a.csv: 2.50',
    'b.csv: 1.00',
  ]);
  const lines = [...shown.querySelectorAll('.source line')];
  for (const name of ['stroke', 'stroke-dasharray']) {
    expect(new Set(lines.map((line) => line.getAttribute(name))).size).toBe(2);
  }
});

it('the legend tells how many files have no curve, and names added rows as such', () => {
  const names = ['changes.jsonl', 'b', 'c', 'd', 'e', 'f', 'g'];
  const eval_losses = Object.fromEntries(names.map((name) => [name, 1]));
  const event: TrainEvent = { event: 'eval', step: 1, eval_loss: 2, perplexity: 8, eval_losses };
  const shown = show(LossChart, appOver(), { events: [stepEvent(1), event] });
  expect(shown.querySelector('.source')?.textContent).toBe('Rows that were added: 1.00');
  expect(shown.querySelector('figcaption')?.lastElementChild?.textContent).toBe('2 more files are not drawn');
  language.choose('zh');
  flushSync();
  expect(shown.querySelector('figcaption')?.lastElementChild?.textContent).toBe('另有 2 个文件未绘出');
});

it('the switches above the curve change how it is drawn, also after a reload', () => {
  const app = appOver();
  const shown = show(LossChart, app, { events: [stepEvent(1), stepEvent(2)] });
  press(control(shown, 'button', 'Log scale'));
  expect(vi.mocked(makePlot).mock.lastCall?.[2].logScale).toBe(true);
  press(control(shown, 'button', 'Smoothing'));
  expect(vi.mocked(updatePlot).mock.lastCall?.[1].smoothed).toEqual([null, null]);
  expect(appOver().view).toMatchObject({ logScale: true, smoothing: false });
});

it('runs that are compared are drawn anew along time, and if others are compared or the language changes', () => {
  const app = appOver();
  const timed = (step: number, loss: number) => ({ ...stepEvent(step), loss, elapsed_seconds: 10 * step });
  const record = (loss: number) => runRecord({ history: [timed(1, loss), timed(2, loss)] });
  app.compare.records = [record(1), record(2)];
  const shown = show(CompareChart, app, {});
  expect(plotRuns).toHaveBeenCalledOnce();
  press(control(shown, 'input', 'Time'));
  expect(vi.mocked(plotRuns).mock.lastCall?.[1][0]?.x).toEqual([10, 20]);
  app.compare.records = [record(3), record(4)];
  flushSync();
  expect(vi.mocked(plotRuns).mock.lastCall?.[1][0]?.smoothed).toEqual([3, 3]);
  language.choose('zh');
  flushSync();
  expect(plotRuns).toHaveBeenCalledTimes(4);
  press(control(shown, 'button', '对数'));
  expect(vi.mocked(plotRuns).mock.lastCall?.[2].logScale).toBe(true);
});
