import { describe, expect, it } from 'vitest';
import { DEFAULTS } from '../../../src/core/settings/settings';
import { listOf } from '../../../src/data/example_list';
import { sft } from '../../../src/models/objectives/sft';
import { steepest, sweepRates } from '../../../src/train/find_rate';
import { ToyProgram } from './toy_program';

const example = { ids: Uint32Array.of(1, 6, 7, 5), trained: Uint8Array.of(0, 1, 1, 1) };
const options = (program = new ToyProgram()) => ({
  program,
  objective: sft,
  examples: listOf([example, example, example]),
  settings: DEFAULTS,
});

describe('a sweep of the learning rate', () => {
  it('grows exponentially and suggests a rate within it', async () => {
    const { program, ...more } = options();
    const { points, suggestion } = await sweepRates({ program, ...more, from: 1e-4, to: 0.1, steps: 31 });
    expect(points.map(({ rate }) => rate)).toEqual(
      Array.from({ length: 31 }, (_, step) => 1e-4 * 1000 ** (step / 30)),
    );
    expect(program.optimizerSteps).toHaveLength(31);
    expect(points.some(({ rate }) => rate === suggestion)).toBe(true);
    expect(points[0]!.smoothed).toBeCloseTo(points[0]!.loss, 12);
  });

  it('ends when the loss explodes, or is no number', async () => {
    const exploding = await sweepRates({ ...options(), from: 1e-3, to: 1e4, steps: 60 });
    expect(exploding.points.length).toBeLessThan(60);
    const broken = options();
    broken.program.brokenStep = 5;
    expect((await sweepRates({ ...broken, steps: 20 })).points).toHaveLength(4);
  });

  it('goes by the negative log-likelihood if the loss falls when the model breaks', async () => {
    const breaks = 60;
    const { program, ...more } = options();
    let step = 0;
    program.metrics = () => {
      // Learns slowly at first; then its targets become impossible.
      const nll = step < breaks ? 2 - step / 100 : 40;
      step++;
      const loss = nll * Math.exp(-nll);
      return Promise.resolve([{ loss, gradNorm: 1, finite: true, metrics: { nll_loss: nll } }]);
    };
    const { points, suggestion } = await sweepRates({ program, ...more, from: 1e-6, to: 1, steps: 100 });
    expect(points.length).toBeLessThan(100);
    expect(points.at(-1)!.loss).toBe(40);
    expect(suggestion).toBeLessThan(points[breaks - 1]!.rate);
  });

  it('can be stopped, and tells its progress', async () => {
    const stop = new AbortController();
    const told: number[] = [];
    const { points, suggestion } = await sweepRates({
      ...options(),
      steps: 10,
      signal: stop.signal,
      onProgress: (fraction) => {
        told.push(fraction);
        if (fraction >= 0.3) stop.abort();
      },
    });
    expect(points).toHaveLength(3);
    expect(told).toEqual([0.1, 0.2, 0.3]);
    expect(suggestion).toBeUndefined();
  });

  it('suggests where a drawn curve falls fastest, and nothing for one that rises', () => {
    const drawn = (loss: (step: number) => number) =>
      Array.from({ length: 40 }, (_, step) => ({
        rate: 10 ** (step / 10 - 6),
        loss: loss(step),
        smoothed: loss(step),
      }));
    // The slope of a sigmoid is the largest in its middle.
    expect(steepest(drawn((step) => 2 - 1 / (1 + Math.exp(24 - step))))).toBeCloseTo(10 ** -3.6, 9);
    expect(steepest(drawn((step) => step))).toBeUndefined();
    expect(steepest([])).toBeUndefined();
  });
});
