import { describe, expect, it } from 'vitest';
import { DEFAULTS, type TrainSettings } from '../../../../src/core/settings/settings';
import { listOf } from '../../../../src/data/example_list';
import { sizeAdvice, sizeOf, type RunSize } from '../../../../src/session/plans/size_advice';
import { inEnglish } from '../../../../src/core/messages/english';

const size: RunSize = {
  ...{ rows: 900, heldOut: 100, tokens: 90_000, targets: 30_000, steps: 339, stepsPerEpoch: 113 },
  ...{ parameters: 1e6, truncated: 0, cutAt: 1024 },
};

const advice = (changes: Partial<RunSize>, settings: Partial<TrainSettings> = {}) =>
  sizeAdvice({ ...size, ...changes }, { ...DEFAULTS, ...settings }).map(({ message: { code }, changes }) => [
    code,
    changes,
  ]);

describe('advice from the size of a run', () => {
  it('is none for a usual run', () => expect(advice({})).toEqual([]));

  it.each<[string, Partial<RunSize>, Partial<TrainSettings>, Partial<TrainSettings> | undefined]>([
    ['advice_warmup', {}, { warmup_steps: 400 }, { warmup_steps: 0.05, warmup_ratio: null }],
    [
      'advice_few_steps',
      { rows: 16, steps: 6, stepsPerEpoch: 2 },
      { eval_steps: 2 },
      { gradient_accumulation_steps: 1 },
    ],
    [
      'advice_few_steps',
      { rows: 16, steps: 12, stepsPerEpoch: 4 },
      { gradient_accumulation_steps: 1, eval_steps: 2 },
      { num_train_epochs: 10 },
    ],
    ['advice_rate_low', {}, { learning_rate: 1e-6 }, { learning_rate: 2e-4 }],
    ['advice_rate_high', {}, { learning_rate: 0.01 }, { learning_rate: 2e-4 }],
    ['advice_by_heart', { steps: 1130 }, {}, { load_best_model_at_end: true }],
    ['advice_by_heart', { steps: 1130 }, { eval_steps: 0 }, { num_train_epochs: 3, max_steps: -1 }],
    ['advice_no_held_out', { heldOut: 0 }, {}, undefined],
    ['advice_no_held_out', { heldOut: 0 }, { eval_split: 0 }, { eval_split: 0.1 }],
    ['advice_no_evaluation', {}, { eval_steps: 0 }, { eval_steps: 33 }],
    ['advice_late_evaluation', {}, { eval_steps: 500 }, { eval_steps: 33 }],
    ['advice_cut', { truncated: 80 }, {}, undefined],
    ['advice_parameters', { parameters: 2e8 }, {}, { r: 8, lora_alpha: 16 }],
  ])('is %s for %o and %o', (code, changes, settings, proposed) => {
    expect(advice(changes, settings)).toContainEqual([code, proposed]);
  });

  it('is not given without need', () => {
    expect(advice({ steps: 1130 }, { load_best_model_at_end: true })).toEqual([]);
    expect(advice({ rows: 5000, steps: 1130 })).toEqual([]);
    expect(advice({ truncated: 30 })).toEqual([]);
    expect(advice({ steps: 6 }, { max_steps: 6, eval_steps: 1 })).toEqual([]);
    expect(advice({}, { warmup_steps: 400, lr_scheduler_type: 'constant' })).toEqual([]);
    // Without LoRA there is no rank to lower.
    const full = { finetuning_type: 'full', learning_rate: 1e-5 } as const;
    expect(advice({ parameters: 2e8 }, full)).toEqual([]);
  });

  it('is at most three sentences, the most important first', () => {
    const found = advice({ heldOut: 0, truncated: 300 }, { warmup_steps: 400, learning_rate: 0.01 });
    expect(found.map(([code]) => code)).toEqual(['advice_warmup', 'advice_rate_high', 'advice_no_held_out']);
  });

  it('counts the run as it is planned', () => {
    const example = { ids: new Uint32Array(20), trained: new Uint8Array(20).fill(1, 10) };
    const training = listOf(Array<typeof example>(10).fill(example));
    const dataset = { unpacked: training, training, heldOut: listOf([example]), truncated: 2, cutAt: 20 };
    const settings = { ...DEFAULTS, num_train_epochs: 4 };
    const found = sizeOf(dataset, settings, 77);
    expect(found).toEqual({
      ...{ rows: 10, heldOut: 1, tokens: 200, targets: 100, steps: 8, stepsPerEpoch: 2 },
      ...{ parameters: 77, truncated: 2, cutAt: 20 },
    });
    const [few] = sizeAdvice(found, settings);
    expect(inEnglish(few!.message)).toBe(
      '10 examples × 4 epochs, 8 a step: only 8 steps. So few change the model little.',
    );
  });
});
