import { describe, expect, it } from 'vitest';
import { DEFAULTS, type TrainSettings } from '../../../../src/core/settings/settings';
import { readSettingsFile } from '../../../../src/core/settings/file';
import { factoryText } from '../../../../src/exports/cluster/factory';
import { wordsOf, type WordsContext } from '../../../../src/exports/cluster/words';

const context: WordsContext = {
  target_modules: ['q_proj', 'v_proj'],
  feedforward_modules: ['v_proj'],
  names: ['q_proj', 'v_proj'],
  texts: false,
  heldOut: true,
  quantised: false,
  steps: 95,
};
const words = (settings: Partial<TrainSettings>, more: Partial<WordsContext> = {}) =>
  wordsOf({ ...DEFAULTS, ...settings }, { ...context, ...more });

describe('the words of the settings', () => {
  it.each<[Partial<TrainSettings>, { sft?: object; adapter?: object; bits?: object; factory?: object }]>([
    [{ learning_rate: 1e-3 }, { sft: { learning_rate: 1e-3 }, factory: { learning_rate: 1e-3 } }],
    [
      { r: 5, lora_alpha: 9 },
      { adapter: { r: 5, lora_alpha: 9 }, factory: { lora_rank: 5, lora_alpha: 9 } },
    ],
    [
      { finetuning_type: 'oft', oft_block_size: 16, target_modules: ['q_proj'] },
      {
        adapter: { oft_block_size: 16, use_cayley_neumann: true, num_cayley_neumann_terms: 5 },
        factory: { finetuning_type: 'oft', oft_block_size: 16, oft_target: context.names.join(',') },
      },
    ],
    [{ finetuning_type: 'ia3' }, { adapter: { feedforward_modules: ['v_proj'] } }],
    [{ warmup_steps: 7 }, { sft: { warmup_steps: 7 }, factory: { warmup_steps: 7 } }],
    [{ warmup_steps: 0.1 }, { sft: { warmup_steps: 0.1 }, factory: { warmup_ratio: 0.1 } }],
    [
      { warmup_steps: 0.1, warmup_ratio: 0.3 },
      { sft: { warmup_steps: 0.3 }, factory: { warmup_ratio: 0.3 } },
    ],
    [{ neftune_noise_alpha: 5 }, { sft: { neftune_noise_alpha: 5 }, factory: { neftune_noise_alpha: 5 } }],
    [
      { shuffle: false },
      { sft: { train_sampling_strategy: 'sequential' }, factory: { disable_shuffling: true } },
    ],
    [
      { group_by_length: true },
      { sft: { train_sampling_strategy: 'group_by_length' }, factory: { packing: false } },
    ],
    [
      { packing: true, packing_strategy: 'bfd_split' },
      {
        sft: { packing_strategy: 'bfd_split' },
        factory: { packing: true, neat_packing: true },
      },
    ],
    [{ packing: true, objective: 'pt' }, { sft: { packing_strategy: 'bfd_split' } }],
    [{ train_on: 'all' }, { factory: { train_on_prompt: true } }],
    [{ train_on: 'last_response' }, { factory: { train_on_prompt: false, mask_history: true } }],
    [{ loss_type: 'dft' }, { sft: { loss_type: 'dft' }, factory: { use_dft_loss: true } }],
    [{ max_seq_length: 77 }, { factory: { cutoff_len: 77 } }],
    [
      { load_in_4bit: true, bnb_4bit_use_double_quant: false },
      {
        bits: { load_in_4bit: true, bnb_4bit_quant_type: 'nf4', bnb_4bit_use_double_quant: false },
        factory: { quantization_bit: 4, double_quantization: false },
      },
    ],
    [
      { init_lora_weights: 'pissa_niter_4', load_in_4bit: false },
      { adapter: { init_lora_weights: 'pissa_niter_4' }, factory: { pissa_init: true, pissa_iter: 4 } },
    ],
    [{ gradient_checkpointing: true }, { factory: { disable_gradient_checkpointing: false } }],
    [{ eval_steps: 3 }, { sft: { eval_strategy: 'steps', eval_steps: 3 }, factory: { eval_steps: 3 } }],
    [
      { load_best_model_at_end: true },
      { sft: { load_best_model_at_end: true, save_strategy: 'best', metric_for_best_model: 'eval_loss' } },
    ],
    [
      { early_stopping_patience: 4 },
      { sft: { greater_is_better: false }, factory: { early_stopping_steps: 4 } },
    ],
  ])('%o', (settings, wanted) => {
    expect(words(settings)).toMatchObject(wanted);
  });

  it('name what a trainer can’t be told', () => {
    expect(words({}).unsaid).toEqual({ TRL: [], 'LLaMA-Factory': [] });
    expect(words({ early_stopping_patience: 4, early_stopping_threshold: 0.1 }).unsaid).toEqual({
      TRL: [],
      'LLaMA-Factory': ['early_stopping_threshold'],
    });
    const settings = { rank_pattern: { q_proj: 4 }, alpha_pattern: { q_proj: 2 }, sample_prompts: ['Who?'] };
    expect(words(settings).unsaid).toEqual({
      TRL: ['sample_prompts'],
      'LLaMA-Factory': ['rank_pattern', 'alpha_pattern', 'sample_prompts'],
    });
    expect(words(settings).adapter).toMatchObject({ rank_pattern: { q_proj: 4 } });
  });

  it('name the ways of packing that a trainer has not', () => {
    const unsaid = (settings: Partial<TrainSettings>, texts = false): unknown =>
      words(settings, { texts }).unsaid;
    const packing = true;
    expect(unsaid({ packing })).toEqual({ TRL: [], 'LLaMA-Factory': [] });
    expect(unsaid({ packing, packing_strategy: 'wrapped' })).toEqual({
      TRL: ['packing_strategy'],
      'LLaMA-Factory': ['packing_strategy'],
    });
    expect(unsaid({ objective: 'pt' }, true)).toEqual({ TRL: [], 'LLaMA-Factory': ['packing'] });
    expect(unsaid({ objective: 'pt', packing }, true)).toEqual({
      TRL: [],
      'LLaMA-Factory': ['packing_strategy'],
    });
    expect(unsaid({ objective: 'pt', packing })).toMatchObject({
      'LLaMA-Factory': ['objective', 'packing_strategy'],
    });
  });

  it('leave the base whole for PiSSA, which begins with a part of it', () => {
    const { bits, factory, unsaid } = words({ init_lora_weights: 'pissa', load_in_4bit: true });
    expect(bits).toEqual({});
    expect(factory).not.toHaveProperty('quantization_bit');
    expect(unsaid).toEqual({ TRL: ['load_in_4bit'], 'LLaMA-Factory': ['load_in_4bit'] });
  });

  it('quantise no base that is quantised already', () => {
    const { bits, factory } = words({ load_in_4bit: true }, { quantised: true });
    expect(bits).toEqual({});
    expect(factory).not.toHaveProperty('quantization_bit');
  });

  it('of LLaMA-Factory give the same settings again', () => {
    const given: Partial<TrainSettings> = {
      ...{
        load_in_4bit: true,
        dtype: 'float16',
        num_train_epochs: 2,
        learning_rate: 3e-4,
        r: 6,
        lora_alpha: 7,
      },
      ...{ max_seq_length: 333, lora_dropout: 0.1, use_rslora: true, max_steps: 11, warmup_ratio: null },
      ...{ per_device_train_batch_size: 3, gradient_accumulation_steps: 5, lr_scheduler_type: 'cosine' },
      ...{ warmup_steps: 4, optim: 'adamw_8bit', loraplus_lr_ratio: 4, label_smoothing_factor: 0.1 },
      ...{ weight_decay: 0.01, max_grad_norm: 0.5, adam_beta2: 0.99, train_on: 'all', seed: 5 },
      ...{ neftune_noise_alpha: 3, shuffle: false, logging_steps: 9, save_steps: 8, save_total_limit: 4 },
      ...{ gradient_checkpointing: true, target_modules: ['q_proj', 'v_proj'], use_dora: true },
    };
    const text = factoryText({
      ...{ words: words(given, { heldOut: false }), baseModel: 'base', revision: null },
      ...{ heldOut: false, fromAdapter: false },
    });
    expect(readSettingsFile('llamafactory.yaml', text).settings).toMatchObject(given);
  });

  it.each<Partial<TrainSettings>>([
    { lr_scheduler_type: 'cosine_with_restarts', num_cycles: 3 },
    { lr_scheduler_type: 'cosine_with_min_lr', min_lr_rate: 0.25 },
    { lr_scheduler_type: 'polynomial', power: 2, lr_end: 1e-7 },
    { lr_scheduler_type: 'inverse_sqrt', timescale: 40 },
    { lr_scheduler_type: 'warmup_stable_decay', num_decay_steps: 7, decay_type: '1-sqrt', min_lr_ratio: 0.1 },
  ])('come back with the schedule’s own values, %o', (given) => {
    const text = factoryText({
      ...{ words: words(given), baseModel: 'base', revision: null },
      ...{ heldOut: false, fromAdapter: false },
    });
    expect(readSettingsFile('llamafactory.yaml', text).settings).toMatchObject(given);
  });

  it('say a share of the run in steps, which transformers needs', () => {
    const { sft } = words({ lr_scheduler_type: 'warmup_stable_decay', num_decay_steps: 0.1 });
    expect(sft['lr_scheduler_kwargs']).toMatchObject({ num_decay_steps: 10 });
  });

  it('leave the warm-up of schedule-free AdamW to the optimiser, in whole steps', () => {
    const given = { optim: 'schedule_free_adamw', warmup_steps: 0.1 } as const;
    const { sft, unsaid } = words({ ...given, lr_scheduler_type: 'constant_with_warmup' });
    expect(sft).toMatchObject({ lr_scheduler_type: 'constant', warmup_steps: 10 });
    expect(unsaid.TRL).not.toContain('lr_scheduler_type');
    expect(words({ ...given, lr_scheduler_type: 'linear' }).unsaid.TRL).toContain('lr_scheduler_type');
  });

  it('say Muon to LLaMA-Factory alone', () => {
    const { factory, unsaid } = words({ optim: 'muon' });
    expect(factory).toMatchObject({ use_muon: true });
    expect(unsaid).toMatchObject({ TRL: expect.arrayContaining(['optim']) as unknown });
  });
});
