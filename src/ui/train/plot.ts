import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { CurveData } from './curve';
import { sourceLine } from './source_lines';
import { t } from '../language.svelte';

export interface PlotOptions {
  readonly width: number;
  readonly height: number;
  readonly logScale: boolean;
}

/** uPlot's numbers for a linear and a logarithmic scale: its enum of them exists in its types only. */
function isDistribution(value: number): value is NonNullable<uPlot.Scale['distr']> {
  return value === 1 || value === 3;
}

export function lossScale(log: boolean): uPlot.Scale {
  const distr = log ? 3 : 1;
  return { range: log ? logRange : linearRange, ...(isDistribution(distr) && { distr }) };
}

function aligned({ steps, train, smoothed, evaluation, sources }: CurveData): uPlot.AlignedData {
  return [steps, train, smoothed, evaluation, ...sources.map(({ losses }) => [...losses])];
}

/** Returns a function that reads a colour of the style sheet by name, in the present theme. */
export function colorsOf(element: HTMLElement): (name: string) => string {
  return (name) => {
    // The value of the property itself holds both themes.
    const probe = document.createElement('span');
    probe.style.color = `var(--${name})`;
    element.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  };
}

/** Steps, or seconds, to the right; losses upwards. */
export function lossAxes(element: HTMLElement, size = 28): uPlot.Axis[] {
  const color = colorsOf(element);
  const axis: uPlot.Axis = {
    stroke: color('muted'),
    font: `12px ${getComputedStyle(element).fontFamily}`,
    grid: { stroke: color('chart-grid'), width: 1 },
    ticks: { show: false },
  };
  return [
    {
      ...axis,
      size,
      space: 60,
      incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 100000],
    },
    {
      ...axis,
      size: 48,
      values: (_, ticks) =>
        ticks.map((tick) => ((tick as number | null) === null ? '' : t.format.number(tick))),
    },
  ];
}

/** Draws the losses into an element, in the colours of the style sheet there. */
export function makePlot(into: HTMLElement, curve: CurveData, options: PlotOptions): uPlot {
  const color = colorsOf(into);
  return new uPlot(
    {
      ...options,
      padding: [8, 12, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false }, y: lossScale(options.logScale) },
      axes: lossAxes(into),
      series: [
        {},
        { stroke: color('chart-train'), width: 1, points: { show: false }, spanGaps: true },
        { stroke: color('chart-smooth'), width: 2.5, points: { show: false }, spanGaps: true },
        {
          stroke: color('chart-eval'),
          width: 2,
          dash: [6, 4],
          points: { show: true, size: 8, fill: color('chart-eval'), stroke: color('surface') },
          spanGaps: true,
        },
        ...curve.sources.map((_, place): uPlot.Series => {
          const { color: name, dash } = sourceLine(place);
          const stroke = color(name);
          return {
            stroke,
            width: 2,
            dash: [...dash],
            points: { show: true, size: 5, fill: stroke, stroke },
            spanGaps: true,
          };
        }),
      ],
    },
    aligned(curve),
    into,
  );
}

export function updatePlot(plot: uPlot, curve: CurveData): void {
  plot.setData(aligned(curve));
}

/** A range with margins; it begins at 0 if the losses come near it, and is never empty. */
function linearRange(_: uPlot, low: number | null, high: number | null): uPlot.Range.MinMax {
  const min = low ?? 0;
  const max = high ?? 1;
  const room = Math.max((max - min) * 0.08, Math.abs(max) * 0.02, 1e-6);
  return [min < (max - min) * 0.6 ? 0 : min - room, max + room];
}

function logRange(_: uPlot, low: number | null, high: number | null): uPlot.Range.MinMax {
  const min = Math.max(low ?? 0.1, 1e-6);
  const max = Math.max(high ?? 1, min);
  return [min / 1.2, max * 1.2];
}
