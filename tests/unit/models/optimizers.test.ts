import { describe, expect, it } from 'vitest';
import { OPTIMIZERS, optimizerPlan } from '../../../src/models/optimizers';
import { ratesOf } from '../../../src/models/optimizers/rates';
import { DEFAULTS, SETTINGS, settingFromText } from '../../../src/core/settings/settings';

const layout = {
  size: 4096 + 64,
  tensors: [
    { name: 'lora_A', offset: 0, shape: [3, 1024], padded: [4, 1024] },
    { name: 'lora_B', offset: 4096, shape: [16, 3], padded: [16, 4] },
  ],
} as const;

describe('the optimisers', () => {
  it('are those that the setting offers', () => {
    const { control } = SETTINGS.optim.kind;
    const offered = control.type === 'choice' ? control.options : [];
    expect(OPTIMIZERS.map(({ name }) => name)).toEqual(offered);
    for (const optim of ['adamw_bnb_8bit', 'paged_adamw_8bit']) {
      expect(settingFromText('optim', optim)).toBe('adamw_8bit');
    }
    expect(settingFromText('optim', 'paged_lion_8bit')).toBe('lion_8bit');
    expect(() => settingFromText('optim', 'galore')).toThrow(/optim must be one of adamw_torch, adamw_8bit/);
  });

  it('keep small tensors in f32, and of larger ones a byte an element and a scale a block', () => {
    const large = { name: 'lora_A', offset: 0, shape: [3, 1367], padded: [4, 1367] };
    const small = { name: 'lora_B', offset: 5504, shape: [585, 7], padded: [585, 8] };
    const plan = optimizerPlan(
      { size: 10_240, tensors: [large, small] },
      { ...DEFAULTS, optim: 'adamw_8bit' },
    );
    expect(plan.state).toEqual([
      { name: 'codes1', dtype: 'U8', shape: [17, 256] },
      { name: 'codes2', dtype: 'U8', shape: [17, 256] },
      { name: 'absmax1', dtype: 'F32', shape: [17] },
      { name: 'absmax2', dtype: 'F32', shape: [17] },
      { name: 'moment1', dtype: 'F32', shape: [4736] },
      { name: 'moment2', dtype: 'F32', shape: [4736] },
    ]);
    expect(optimizerPlan(layout, { ...DEFAULTS, optim: 'adamw_8bit' }).state.map(({ name }) => name)).toEqual(
      ['moment1', 'moment2'],
    );
  });

  it('refuse settings that they divide by', () => {
    const settings = { ...DEFAULTS, optim: 'schedule_free_adamw', adam_beta1: 0 } as const;
    expect(() => optimizerPlan(layout, settings)).toThrow(
      'optim = schedule_free_adamw doesn’t go together with adam_beta1 = 0.',
    );
  });

  it('turn settings and the step into what the kernels read', () => {
    const settings = {
      ...DEFAULTS,
      adam_beta1: 0.8,
      adam_beta2: 0.99,
      adam_epsilon: 1e-6,
      weight_decay: 0.1,
    };
    for (const optim of ['adamw_torch', 'adamw_8bit', 'lion_32bit', 'lion_8bit'] as const) {
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

  it('let Adafactor’s moments decay more slowly from step to step', () => {
    const { scalars } = optimizerPlan(layout, { ...DEFAULTS, optim: 'adafactor' });
    expect(scalars({ learningRate: 0.5, step: 1 })).toMatchObject({ beta2: 0, oneMinusBeta2: 1 });
    expect(scalars({ learningRate: 0.5, step: 32 }).oneMinusBeta2).toBeCloseTo(1 / 16, 12);
  });

  it('keep one moment of each row and each column for Adafactor', () => {
    const { state } = optimizerPlan(layout, { ...DEFAULTS, optim: 'adafactor' });
    expect(state.map(({ shape }) => shape)).toEqual([[3 + 16], [1024 + 3]]);
  });

  it('send vectors, embeddings and the head to AdamW beside Muon', () => {
    const tensor = (name: string, offset: number, shape: number[]) => ({
      name,
      offset,
      shape,
      padded: shape,
    });
    const plan = optimizerPlan(
      {
        size: 8 * 64 * 3 + 64,
        tensors: [
          tensor('model.embed_tokens.weight', 0, [8, 64]),
          tensor('layers.0.q_proj.weight', 512, [8, 64]),
          tensor('layers.0.norm.weight', 1024, [64]),
          tensor('layers.1.q_proj.weight', 1088, [8, 64]),
        ],
      },
      { ...DEFAULTS, optim: 'muon' },
    );
    expect(plan.state).toEqual([
      { name: 'momentum', dtype: 'F32', shape: [1024] },
      { name: 'moment1', dtype: 'F32', shape: [576] },
      { name: 'moment2', dtype: 'F32', shape: [576] },
    ]);
  });

  it('let early layers learn more slowly, and B faster than A', () => {
    const names = [
      'model.embed_tokens.weight',
      'model.layers.0.self_attn.q_proj.lora_A',
      'model.layers.0.self_attn.q_proj.lora_B',
      'model.layers.2.mlp.up_proj.lora_A',
      'lm_head.lora_B',
      'model.norm.weight',
    ];
    const tensors = names.map((name) => ({ name, offset: 0, shape: [2, 2], padded: [2, 2] }));
    const rates = ratesOf(tensors, { loraplus_lr_ratio: 4, layerwise_lr_decay: 0.5 });
    expect(rates).toEqual([0.125, 0.25, 1, 1, 4, 1]);
    expect(ratesOf(tensors, DEFAULTS)).toBeUndefined();
  });

  it('begin schedule-free AdamW at the parameters, and refuse it where values are derived from them', () => {
    const plan = optimizerPlan(layout, { ...DEFAULTS, optim: 'schedule_free_adamw' });
    const begun = plan.state.filter(({ begins }) => begins === 'parameters');
    expect(begun.map(({ name }) => name)).toEqual(['training_point', 'z']);
    expect(plan.training).toBe('training_point');
    expect(() =>
      optimizerPlan({ ...layout, derivedSize: 64 }, { ...DEFAULTS, optim: 'schedule_free_adamw' }),
    ).toThrow('schedule_free_adamw does not train DoRA or OFT.');
  });
});
