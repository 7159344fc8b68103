import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { colorsOf, lossAxes, lossScale } from '../train/plot';
import type { ComparedCurve } from './compare_curve';

/** The style sheet's colours of the runs, in their order. */
export const runColors = ['part-1', 'part-2', 'part-3', 'part-4'] as const;

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
