import { beforeEach, describe, expect, it } from 'vitest';
import { TimeLeft } from '../../../src/train/time_left';

let now = 0;
beforeEach(() => void (now = 0));

/** Ten steps; evaluated after 5 and 10, answered before the first and after the last, saved after the last. */
function timeLeft(from?: number): TimeLeft {
  const dueAt =
    (...steps: number[]) =>
    (after: number) =>
      steps.filter((step) => step > after).length;
  const due = { evaluating: dueAt(5, 10), answering: dueAt(0, 10), saving: dueAt(10) };
  return new TimeLeft({ steps: 10, due }, from, () => now);
}

describe('the time that is left', () => {
  it('is not known before anything is known of the steps', () => {
    const left = timeLeft();
    left.expect('answering', 30);
    expect(left.left(0)).toBeUndefined();
    left.expectSteps(2);
    expect(left.left(0)).toBe(20 + 60);
  });

  it('counts what is expected until it was measured, and then what was measured', () => {
    const left = timeLeft();
    left.expectSteps(1);
    left.expect('evaluating', 4);
    left.expect('answering', 10);
    expect(left.left(0)).toBe(10 + 8 + 20);
    left.begin('answering');
    now += 16;
    left.end(0);
    expect(left.left(0)).toBe(10 + 8 + 16);
    // A new expectation does not count against what was measured.
    left.expect('answering', 1);
    expect(left.left(0)).toBe(10 + 8 + 16);
  });

  it('counts down while something is done, and never says that nothing is left of it', () => {
    const left = timeLeft(10);
    expect(left.left(10)).toBe(0);
    const last = timeLeft(9);
    last.expectSteps(1);
    last.expect('answering', 100);
    last.begin('answering');
    now += 20;
    expect(last.left(10)).toBe(80);
    last.reach(0.1);
    expect(last.left(10)).toBeCloseTo(180, 9);
    now += 80;
    last.reach(0.5);
    expect(last.left(10)).toBe(100);
    now += 300;
    expect(last.left(10)).toBe(400);
    last.end(10);
    expect(last.left(10)).toBe(0);
  });

  it('learns from the first round while it is going on', () => {
    const left = timeLeft();
    left.expectSteps(0);
    left.begin('answering');
    now += 10;
    left.reach(0.25);
    // Thirty seconds of this round, and another round of forty.
    expect(left.left(0)).toBe(70);
  });

  it('takes nothing from what was cut short, and keeps an evaluation that a checkpoint interrupts', () => {
    const left = timeLeft();
    left.expectSteps(0);
    left.expect('evaluating', 8);
    left.begin('evaluating');
    now += 1;
    left.begin('saving');
    now += 5;
    left.end(5);
    // The other evaluation, the rest of this one, and the checkpoint after the last step.
    expect(left.left(5)).toBe(8 + 2 + 5);
    left.end(5, false);
    expect(left.left(5)).toBe(8 + 5);
  });

  it('of a run that goes on leaves out what came before', () => {
    const left = timeLeft(5);
    left.expectSteps(1);
    left.expect('evaluating', 4);
    left.expect('answering', 10);
    expect(left.left(5)).toBe(5 + 4 + 10);
  });
});
