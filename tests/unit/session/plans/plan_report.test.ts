import { describe, expect, it } from 'vitest';
import { listOf } from '../../../../src/data/example_list';
import { DEFAULTS } from '../../../../src/core/settings/settings';
import { modelLayout } from '../../../../src/models/layout';
import { parameterCount } from '../../../../src/models/spec';
import { planReport, type DeviceSpeed } from '../../../../src/session/plans/plan_report';
import { fullLimits } from '../../../../src/train/samples';
import { tinySpec } from '../tiny';

const limits = {
  maxComputeWorkgroupsPerDimension: 65535,
  maxBufferSize: 2 ** 30,
  maxStorageBufferBindingSize: 2 ** 27,
  minStorageBufferOffsetAlignment: 256,
};
const example = { ids: new Uint32Array(20), trained: new Uint8Array(20) };
// Ten steps over 80 examples, and one evaluation over five more.
const copies = (count: number) => listOf(Array<typeof example>(count).fill(example));
const dataset = { training: copies(80), heldOut: copies(5) };
const settings = { ...DEFAULTS, num_train_epochs: 1 };
const layout = modelLayout(tinySpec, () => 'f32', settings, 2 ** 27);
const prompts = {
  read: ['Who?', 'Why?', 'How?'].map((prompt) => ({ prompt, ids: Array<number>(10).fill(1) })),
  unanswerable: ['Too long'],
};
/** A trained token takes two forward passes; a second has room for ten trained tokens. */
const speed: DeviceSpeed = { rate: 2 * 2 * parameterCount(tinySpec) * 10, tokenSeconds: 0.01 };

const report = (asked: typeof prompts, measured: DeviceSpeed | undefined) =>
  planReport(layout, dataset, settings, limits, asked, measured);

describe('the plan of a run', () => {
  it('counts the steps, the evaluations and the answers', () => {
    const training = (80 * 20) / 10;
    const evaluation = (5 * 20) / 20;
    const { estimatedSeconds } = report({ read: [], unanswerable: [] }, speed);
    expect(estimatedSeconds).toBeCloseTo(training + evaluation, 9);
    const answered = report(prompts, speed);
    expect(answered).toMatchObject({ steps: 10, samples: fullLimits(3), unanswerable: ['Too long'] });
    // Six rounds of three answers: ten tokens to read, 48 to say.
    const answers = 6 * 3 * (10 / 20 + 48 * 0.01);
    expect(answered.estimatedSeconds).toBeCloseTo(training + evaluation + answers, 9);
  });

  it('shortens answers that would take too large a share of the run', () => {
    const slow = report(prompts, { ...speed, tokenSeconds: 5 });
    expect(slow.samples).toEqual({ of: 3, prompts: 1, tokens: 16, rounds: 1 });
    const answers = 2 * (10 / 20 + 16 * 5);
    expect(slow.estimatedSeconds).toBeCloseTo(160 + 5 + answers, 9);
  });

  it('says how long the evaluations take if that is much, and how to make them fewer', () => {
    expect(report(prompts, speed).evaluation).toBeUndefined();
    const evaluated = { ...settings, eval_steps: 1 };
    const manyHeldOut = { ...dataset, heldOut: copies(100) };
    const asked = { read: [], unanswerable: [] };
    // One evaluation takes 100 s, and the ten steps take 160 s.
    const slow = planReport(layout, manyHeldOut, evaluated, limits, asked, speed);
    expect(slow.evaluation?.seconds).toBeCloseTo(1000, 6);
    expect(slow.evaluation?.evalSteps).toBe(0);
    // One takes 5 s: three of them are a tenth of the training.
    const few = planReport(layout, dataset, evaluated, limits, asked, { ...speed, rate: speed.rate / 10 });
    expect(few.evaluation).toBeUndefined();
    const some = { ...dataset, heldOut: copies(12) };
    expect(planReport(layout, some, evaluated, limits, asked, speed).evaluation?.evalSteps).toBe(10);
  });

  it('says nothing of the time before the speed is known', () => {
    const unknown = report(prompts, undefined);
    expect(unknown.estimatedSeconds).toBeUndefined();
    expect(unknown.samples).toEqual(fullLimits(3));
  });
});
