import { describe, expect, it } from 'vitest';
import { OPTIMIZERS, optimizerPlan } from '../../../src/models/optimizers';
import { DEFAULTS } from '../../../src/train/settings';

const layout = {
  size: 4096 + 64,
  tensors: [
    { name: 'lora_A', offset: 0, shape: [3, 1024], padded: [4, 1024] },
    { name: 'lora_B', offset: 4096, shape: [16, 3], padded: [16, 4] },
  ],
} as const;

describe('the optimisers', () => {
  it('have names of their own', () => {
    const names = OPTIMIZERS.flatMap(({ name, aliases }) => [name, ...aliases]);
    expect(new Set(names).size).toBe(names.length);
    for (const optim of names) expect(optimizerPlan(layout, { ...DEFAULTS, optim }).state).not.toEqual([]);
  });

  it('are named if there is none of a name', () => {
    expect(() => optimizerPlan(layout, { ...DEFAULTS, optim: 'sgd' })).toThrow(/no optimiser "sgd"/);
  });

  it('turn settings and the step into what the kernels read', () => {
    const settings = {
      ...DEFAULTS,
      adam_beta1: 0.8,
      adam_beta2: 0.99,
      adam_epsilon: 1e-6,
      weight_decay: 0.1,
    };
    for (const { name: optim } of OPTIMIZERS) {
      const { scalars } = optimizerPlan(layout, { ...settings, optim });
      expect(scalars({ learningRate: 0.5, step: 3 })).toEqual({
        learningRate: 0.5,
        weightDecay: 0.1,
        beta1: 0.8,
        oneMinusBeta1: 1 - 0.8,
        beta2: 0.99,
        oneMinusBeta2: 1 - 0.99,
        epsilon: 1e-6,
        biasCorrection1: 1 - 0.8 ** 3,
        biasCorrection2: 1 - 0.99 ** 3,
      });
    }
  });
});
