import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { TrainEvent } from '../../worker/protocol';
import { curveOf, smooth, smoothingWeight } from '../train/curve';
import { colorsOf, lossAxes, lossScale } from '../train/plot';
import type { Axis } from './compare.svelte';

/** The losses of one run along steps or along the seconds that it took. */
export interface ComparedCurve {
  readonly x: readonly number[];
  readonly smoothed: readonly (number | null)[];
  readonly evaluation: readonly (number | null)[];
}

/** The style sheet's colours of the runs, in their order. */
export const runColors = ['part-1', 'part-2', 'part-3', 'part-4'] as const;

export function comparedCurve(events: readonly TrainEvent[], axis: Axis): ComparedCurve {
  const { steps, train, evaluation } = curveOf(events);
  const xOf = axis === 'step' ? (step: number) => step : timesOf(events);
  const points = new Map<number, { train: number | null; evaluation: number | null }>();
  for (const [i, step] of steps.entries()) {
    const x = xOf(step);
    if (x === undefined) continue;
    const before = points.get(x);
    points.set(x, {
      train: train[i] ?? before?.train ?? null,
      evaluation: evaluation[i] ?? before?.evaluation ?? null,
    });
  }
  const values = [...points.values()];
  return {
    x: [...points.keys()],
    smoothed: smooth(
      values.map((point) => point.train),
      smoothingWeight(values.length),
    ),
    evaluation: values.map((point) => point.evaluation),
  };
}

/** Seconds up to a step; of a step that only an evaluation tells of, those of the step before. */
function timesOf(events: readonly TrainEvent[]): (step: number) => number | undefined {
  const steps = events.filter((event) => event.event === 'step');
  return (step) => steps.findLast((each) => each.step <= step)?.elapsed_seconds;
}

/** Draws runs over each other, each in its colour: the training loss as a line, the evaluation loss dashed with points. */
export function plotRuns(
  into: HTMLElement,
  curves: readonly ComparedCurve[],
  options: { readonly width: number; readonly height: number; readonly logScale: boolean },
): uPlot {
  const color = colorsOf(into);
  const tables = curves.map(({ x, smoothed, evaluation }) => [[...x], [...smoothed], [...evaluation]]);
  const series = curves.flatMap((_, i): uPlot.Series[] => {
    const stroke = color(runColors[i % runColors.length] ?? runColors[0]);
    return [
      { stroke, width: 2.5, points: { show: false }, spanGaps: true },
      {
        stroke,
        width: 2,
        dash: [6, 4],
        points: { show: true, size: 8, fill: stroke, stroke: color('surface') },
        spanGaps: true,
      },
    ];
  });
  return new uPlot(
    {
      width: options.width,
      height: options.height,
      padding: [8, 12, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false }, y: lossScale(options.logScale) },
      axes: lossAxes(into),
      series: [{}, ...series],
    },
    uPlot.join(tables as uPlot.AlignedData[]),
    into,
  );
}
