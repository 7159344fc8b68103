import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Axis } from './curve';
import type { Drawing, Line } from './drawing';

export interface PlotOptions {
  readonly width: number;
  readonly height: number;
  readonly logScale: boolean;
  readonly axis: Axis;
  /** Writes a value of the upward axis. */
  readonly text: (value: number) => string;
  /** Writes a place. */
  readonly placeText: (x: number) => string;
  /** Hears the index of the place under the pointer; undefined if there is none. */
  readonly onpoint: (index: number | undefined) => void;
}

/** Distances between the numbers below the chart: whole ones for steps. */
const WHOLE = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 100000];
const DISTANCES: Readonly<Record<Axis, uPlot.Axis.Incrs>> = {
  step: WHOLE,
  epoch: [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, ...WHOLE],
  time: [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 18000, 36000, 86400],
};

/** uPlot's numbers for a linear and a logarithmic scale: its enum of them exists in its types only. */
function isDistribution(value: number): value is NonNullable<uPlot.Scale['distr']> {
  return value === 1 || value === 3;
}

function scaleOf(log: boolean): uPlot.Scale {
  const distr = log ? 3 : 1;
  return { range: log ? logRange : linearRange, ...(isDistribution(distr) && { distr }) };
}

function aligned({ x, lines }: Drawing): uPlot.AlignedData {
  return [[...x], ...lines.map(({ values }) => [...values])];
}

/** Returns a function that reads a colour of the style sheet by name, in the present theme. */
function colorsOf(element: HTMLElement): (name: string) => string {
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

function axesOf(element: HTMLElement, { axis, text, placeText }: PlotOptions): uPlot.Axis[] {
  const color = colorsOf(element);
  const common: uPlot.Axis = {
    stroke: color('muted'),
    font: `12px ${getComputedStyle(element).fontFamily}`,
    grid: { stroke: color('chart-grid'), width: 1 },
    ticks: { show: false },
  };
  const texts =
    (write: (value: number) => string) =>
    (_: uPlot, ticks: (number | null)[]): string[] =>
      ticks.map((tick) => (tick === null ? '' : write(tick)));
  return [
    {
      ...common,
      size: 28,
      space: axis === 'time' ? 80 : 60,
      incrs: DISTANCES[axis],
      values: texts(placeText),
    },
    { ...common, size: 56, values: texts(text) },
  ];
}

/** Draws lines into an element, in the colours of the style sheet there. */
export function makePlot(into: HTMLElement, drawing: Drawing, options: PlotOptions): uPlot {
  const color = colorsOf(into);
  const series = ({ color: name, width, dash, points }: Line): uPlot.Series => ({
    stroke: color(name),
    width,
    ...(dash && { dash: [...dash] }),
    points:
      points === undefined
        ? { show: false }
        : {
            show: true,
            size: points,
            fill: color(name),
            stroke: points > 6 ? color('surface') : color(name),
          },
    spanGaps: true,
  });
  return new uPlot(
    {
      width: options.width,
      height: options.height,
      padding: [8, 12, 0, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
      hooks: { setCursor: [({ cursor }) => options.onpoint(cursor.idx ?? undefined)] },
      scales: { x: { time: false }, y: scaleOf(options.logScale) },
      axes: axesOf(into, options),
      series: [{}, ...drawing.lines.map(series)],
    },
    aligned(drawing),
    into,
  );
}

export function updatePlot(plot: uPlot, drawing: Drawing): void {
  plot.setData(aligned(drawing));
}

/** Moves the line of the pointer to a place. */
export function pointAt(plot: uPlot, x: number): void {
  plot.setCursor({ left: plot.valToPos(x, 'x'), top: 0 });
}

/** A range with margins; it begins at 0 if the values come near it, and is never empty. */
function linearRange(_: uPlot, low: number | null, high: number | null): uPlot.Range.MinMax {
  const min = low ?? 0;
  const max = high ?? 1;
  const room = Math.max((max - min) * 0.08, Math.abs(max) * 0.02, 1e-9);
  return [min < (max - min) * 0.6 ? 0 : min - room, max + room];
}

function logRange(_: uPlot, low: number | null, high: number | null): uPlot.Range.MinMax {
  const min = Math.max(low ?? 0.1, 1e-12);
  const max = Math.max(high ?? 1, min);
  return [min / 1.2, max * 1.2];
}
