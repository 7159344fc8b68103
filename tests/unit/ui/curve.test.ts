import { describe, expect, it } from 'vitest';
import type { StepEvent } from '../../../src/worker/protocol';
import {
  CURVES,
  curveOf,
  hasCurve,
  smooth,
  smoothingWeight,
  tellsTime,
  type Axis,
} from '../../../src/ui/train/curve';
import { overlaid, valuesAt } from '../../../src/ui/train/drawing';

function step(number: number, loss: number): StepEvent {
  return {
    event: 'step',
    step: number,
    steps: 10,
    epoch: 0,
    loss,
    learning_rate: 1,
    grad_norm: 1,
    target_tokens: 1,
    tokens_per_second: 1,
    eta_seconds: 1,
  };
}

describe('smooth', () => {
  it('starts at the first value and weighs the past', () => {
    // By hand, with bias correction: (0.25 * 4 + 0.5 * 2) / 0.75
    expect(smooth([4, 2], 0.5)).toEqual([4, (0.25 * 4 + 0.5 * 2) / 0.75]);
  });

  it('keeps a constant as it is, and passes over gaps and what is not finite', () => {
    expect(smooth([3, null, Number.NaN, 3], 0.9)).toEqual([3, null, null, expect.closeTo(3, 12)]);
  });
});

describe('curveOf', () => {
  const LOSS = { what: 'loss', axis: 'step' } as const;

  it('puts training and evaluation on the same steps', () => {
    const curve = curveOf(
      [
        step(1, 4),
        { event: 'eval', step: 2, eval_loss: 3, perplexity: 20 },
        step(3, 2),
        { event: 'checkpoint', step: 3 },
      ],
      LOSS,
    );
    expect(curve.x).toEqual([1, 2, 3]);
    expect(curve.train).toEqual([4, null, 2]);
    expect(curve.evaluation).toEqual([null, 3, null]);
  });

  it('uses the last report of a repeated step', () => {
    const curve = curveOf([step(1, 4), step(2, 3), step(2, 2.5)], LOSS);
    expect(curve.x).toEqual([1, 2]);
    expect(curve.train).toEqual([4, 2.5]);
  });

  it('leaves a gap where the loss is not finite', () => {
    expect(curveOf([step(1, Number.NaN)], LOSS).train).toEqual([null]);
  });

  it('draws each number of a step, without evaluations, and knows which there are', () => {
    const events = [
      { ...step(1, 4), grad_norm: 5, learning_rate: 6, tokens_per_second: 7, memory_bytes: 8 },
      { event: 'eval', step: 1, eval_loss: 3 } as const,
    ];
    const drawn = CURVES.map((what) => curveOf(events, { what, axis: 'step' }));
    expect(drawn.map(({ train }) => train)).toEqual([[4], [5], [6], [7], [8]]);
    expect(drawn.map(({ evaluation }) => evaluation)).toEqual([[3], [null], [null], [null], [null]]);
    expect(CURVES.filter((what) => hasCurve([step(1, 4)], what))).not.toContain('memory');
  });

  it('draws over passes, and over seconds, in which steps may fall together', () => {
    const at = (number: number, seconds: number) => ({
      ...step(number, number),
      ...{ epoch: number / 4, elapsed_seconds: seconds },
    });
    const events = [at(2, 5), { event: 'eval' as const, step: 3, eval_loss: 0.25 }, at(4, 9), at(5, 9)];
    const over = (axis: Axis) => curveOf(events, { what: 'loss', axis });
    expect(over('epoch')).toMatchObject({ x: [0.5, 0.75, 1, 1.25], evaluation: [null, 0.25, null, null] });
    // An evaluation between two logged steps has the seconds of the step before.
    expect(over('time')).toMatchObject({ x: [5, 9], train: [2, 5], evaluation: [0.25, null] });
    expect(tellsTime(events)).toBe(true);
    expect(curveOf([step(1, 4)], { what: 'loss', axis: 'time' }).x).toEqual([]);
  });

  it('smooths with the weight that is chosen', () => {
    const events = [step(1, 4), step(2, 2)];
    expect(curveOf(events, { ...LOSS, weight: 0.9 }).smoothed).toEqual(smooth([4, 2], 0.9));
    expect(curveOf(events, LOSS).smoothed).toEqual(smooth([4, 2], smoothingWeight(2)));
  });
});

describe('a drawing', () => {
  const line = (label: string, values: readonly (number | null)[]) => ({
    ...{ label, values, color: 'accent', width: 1 },
  });

  it('lays lines with places of their own over each other', () => {
    const drawn = overlaid([
      { x: [1, 3], lines: [line('a', [10, 30])] },
      { x: [2, 3], lines: [line('b', [20, 31])] },
    ]);
    expect(drawn.x).toEqual([1, 2, 3]);
    expect(drawn.lines.map(({ values }) => values)).toEqual([
      [10, null, 30],
      [null, 20, 31],
    ]);
  });

  it('tells the nearest values, but none beyond the ends of a line', () => {
    const drawing = {
      x: [0, 1, 5, 6],
      lines: [line('a', [1, null, null, 4]), line('b', [null, 2, null, null])],
    };
    const told = (index: number) => valuesAt(drawing, index).map(({ line, value }) => [line.label, value]);
    expect(told(1)).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
    expect(told(2)).toEqual([['a', 4]]);
    expect(told(3)).toEqual([['a', 4]]);
  });
});
