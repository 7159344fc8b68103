import { flushSync } from 'svelte';
import { beforeEach, expect, it, vi } from 'vitest';
import { DEFAULTS } from '../../src/core/settings/settings';
import { language } from '../../src/ui/language.svelte';
import CompareChart from '../../src/ui/runs/CompareChart.svelte';
import { smooth } from '../../src/ui/train/curve';
import LossChart from '../../src/ui/train/LossChart.svelte';
import { makePlot, pointAt, updatePlot } from '../../src/ui/train/plot';
import TrainStep from '../../src/ui/train/TrainStep.svelte';
import type { TrainEvent } from '../../src/worker/protocol';
import { runRecord, stepEvent } from '../unit/ui/engine';
import { appOver, control, fill, press, show } from './page';

// A DOM without a layout draws nothing.
vi.mock(import('../../src/ui/train/plot'));

const plots: { destroy: () => void; setSize: () => void }[] = [];
function plot(): never {
  const made = { destroy: vi.fn(), setSize: vi.fn() };
  plots.push(made);
  return made as never;
}

beforeEach(() => {
  plots.length = 0;
  vi.mocked(makePlot).mockReset().mockImplementation(plot);
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
  expect(vi.mocked(updatePlot).mock.lastCall?.[1].x).toEqual([1, 2, 3, 4]);

  app.view.change({ logScale: true });
  flushSync();
  expect(vi.mocked(makePlot).mock.lastCall?.[2].logScale).toBe(true);
  app.theme.choose('dark');
  flushSync();
  language.choose('zh');
  flushSync();
  expect(makePlot).toHaveBeenCalledTimes(4);
  for (const former of plots.slice(0, -1)) expect(former.destroy).toHaveBeenCalledOnce();
  expect(vi.mocked(makePlot).mock.lastCall?.[1].x).toEqual([1, 2, 3, 4]);
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
  expect(vi.mocked(makePlot).mock.lastCall?.[1].lines.slice(3)).toMatchObject([
    { label: 'a.csv', values: [3, 2.5] },
    { label: 'b.csv', values: [1, null] },
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

it('the controls above the curve change how it is drawn, also after a reload', () => {
  const app = appOver();
  const timed = (step: number) => ({ ...stepEvent(step), elapsed_seconds: 10 * step, epoch: step / 2 });
  const shown = show(LossChart, app, { events: [timed(1), timed(2)] });
  const drawn = () => vi.mocked(makePlot).mock.lastCall!;
  const view = control(shown, 'button', 'View');
  expect(shown.querySelector<HTMLElement>('.options')?.hidden).toBe(true);
  press(view);
  expect(view.getAttribute('aria-expanded')).toBe('true');
  press(control(shown, 'button', 'Log scale'));
  expect(drawn()[2].logScale).toBe(true);
  press(control(shown, 'input[type=radio]', 'Time'));
  expect(drawn()[1].x).toEqual([10, 20]);
  fill(shown.querySelector('.weight input'), '0.5');
  expect(vi.mocked(updatePlot).mock.lastCall?.[1].lines[1]?.values).toEqual(smooth([1, 0.5], 0.5));
  press(control(shown, 'button', 'Automatic'));
  expect(app.view.weight).toBeNull();
  press(control(shown, 'button', 'Smoothing'));
  expect(drawn()[1].lines.map(({ label }) => label)).toEqual(['Training loss', 'Evaluation loss']);
  expect(appOver().view).toMatchObject({ logScale: true, smoothing: false, axis: 'time', what: 'loss' });
});

it('other numbers than the loss are chosen, if there are any', () => {
  const app = appOver();
  const shown = show(LossChart, app, { events: [stepEvent(1), stepEvent(2)] });
  const options = [...shown.querySelectorAll('option')];
  expect(options.flatMap((each) => (each.disabled ? each.value : []))).toEqual(['memory']);
  fill(control(shown, 'select', 'Curve'), 'learning_rate');
  expect(vi.mocked(makePlot).mock.lastCall?.[1].lines).toMatchObject([
    { label: 'Learning rate', values: [1e-4, 1e-4] },
    { label: 'Learning rate, smoothed' },
  ]);
});

it('the values at a place are told to the pointer, and to the keyboard', () => {
  const events: TrainEvent[] = [stepEvent(1), stepEvent(4), { event: 'eval', step: 4, eval_loss: 3 }];
  const shown = show(LossChart, appOver(), { events });
  const told = () => shown.querySelector('[data-testid=read-out]')?.textContent;
  const reader = control(shown, 'input[type=range]', 'Read the curve');
  expect(told()).toBeUndefined();
  vi.mocked(makePlot).mock.lastCall?.[2].onpoint(0);
  flushSync();
  expect(told()).toMatch(/Step 1 .*Training loss\s*1\.00/);
  vi.mocked(makePlot).mock.lastCall?.[2].onpoint(undefined);
  flushSync();
  expect(told()).toBeUndefined();
  fill(reader, '1');
  expect(vi.mocked(pointAt).mock.lastCall?.[1]).toBe(4);
  expect(reader.getAttribute('aria-valuetext')).toMatch(/Step 4.*Evaluation loss: 3\.00/);
  reader.dispatchEvent(new FocusEvent('blur'));
  flushSync();
  expect(told()).toBeUndefined();
});

it('runs that are compared are drawn along steps or time, and anew if others are compared', () => {
  const app = appOver();
  const timed = (step: number, loss: number) => ({ ...stepEvent(step), loss, elapsed_seconds: 10 * step });
  const record = (loss: number) =>
    runRecord({ name: `Run ${loss}`, history: [timed(1, loss), timed(2, loss)] });
  app.compare.records = [record(1), record(2)];
  const shown = show(CompareChart, app, {});
  const drawn = () => vi.mocked(makePlot).mock.lastCall![1];
  expect(drawn()).toMatchObject({ x: [1, 2], lines: [{ label: 'Run 1' }, { label: 'Run 2' }] });
  press(control(shown, 'button', 'View'));
  press(control(shown, 'input[type=radio]', 'Time'));
  expect(drawn().x).toEqual([10, 20]);
  app.compare.records = [record(3), record(4)];
  flushSync();
  expect(drawn().lines[0]?.values).toEqual([3, 3]);
  language.choose('zh');
  flushSync();
  press(control(shown, 'button', '对数'));
  expect(vi.mocked(makePlot).mock.lastCall?.[2].logScale).toBe(true);
});
