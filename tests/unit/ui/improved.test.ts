import { expect, it } from 'vitest';
import { improved } from '../../../src/ui/train/improved';
import type { TrainEvent } from '../../../src/worker/protocol';
import { stepEvent } from './engine';

const step = (loss: number): TrainEvent => ({ ...stepEvent(1), loss });
const evaluation = (eval_loss: number): TrainEvent => ({ event: 'eval', step: 1, eval_loss });

it.each<[boolean | undefined, TrainEvent[]]>([
  [undefined, []],
  [undefined, [step(1)]],
  [true, [step(2), step(1)]],
  [false, [step(1), step(1)]],
  [false, [step(1), step(NaN)]],
  // One lucky step does not count: the ends are averaged.
  [false, [step(1), step(2), step(3), step(0.9)]],
  [true, [step(1), step(2), evaluation(3), evaluation(2)]],
  [false, [step(2), step(1), evaluation(2), evaluation(3)]],
  [true, [step(2), step(1), evaluation(2)]],
])('that the loss improved is %s', (expected, events) => {
  expect(improved(events)).toBe(expected);
});
