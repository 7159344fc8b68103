import { describe, expect, it } from 'vitest';
import { CATALOGUES } from '../../../../src/core/messages/languages';
import { sentence } from '../../../../src/core/messages/message';
import { readSettingsFile } from '../../../../src/core/settings/file';
import { DEFAULTS } from '../../../../src/core/settings/settings';
import { told } from '../../told';

const notesIn = (text: string, language: 'en' | 'zh' = 'en') =>
  readSettingsFile('f.yaml', text).notes.map((note) => sentence(CATALOGUES[language], note));

describe('a file of LLaMA-Factory', () => {
  const example = `
### model
model_name_or_path: meta-llama/Llama-3.2-1B-Instruct
trust_remote_code: true
### method
stage: sft
do_train: true
finetuning_type: lora
lora_rank: 8
lora_target: q_proj,v_proj
### dataset
dataset: identity,alpaca_en_demo
template: llama3
cutoff_len: 2048
overwrite_cache: true
### train
per_device_train_batch_size: 1
gradient_accumulation_steps: 8
learning_rate: 1.0e-4
num_train_epochs: 3.0
lr_scheduler_type: cosine
warmup_ratio: 0.1
bf16: true
### eval
val_size: 0.1
eval_strategy: steps
eval_steps: 500
`;

  it('sets what this program has, and the defaults that change what is learnt', () => {
    const { settings } = readSettingsFile('f.yaml', example);
    expect(settings).toEqual({
      load_in_4bit: false,
      dtype: 'auto',
      finetuning_type: 'lora',
      num_train_epochs: 3,
      learning_rate: 1e-4,
      r: 8,
      max_seq_length: 2048,
      lora_alpha: 16,
      lora_dropout: 0,
      use_rslora: false,
      use_dora: false,
      init_lora_weights: true,
      target_modules: ['q_proj', 'v_proj'],
      max_steps: -1,
      per_device_train_batch_size: 1,
      gradient_accumulation_steps: 8,
      lr_scheduler_type: 'cosine',
      warmup_steps: 0,
      warmup_ratio: 0.1,
      optim: 'adamw_torch',
      loraplus_lr_ratio: 1,
      loss_type: 'nll',
      label_smoothing_factor: 0,
      weight_decay: 0,
      max_grad_norm: 1,
      adam_beta1: 0.9,
      adam_beta2: 0.999,
      adam_epsilon: 1e-8,
      objective: 'sft',
      packing: false,
      train_on: 'responses',
      dataset: ['identity', 'alpaca_en_demo'],
      eval_dataset: [],
      max_samples: null,
      interleave_probs: [],
      mix_strategy: 'concat',
      eval_split: 0.1,
      neftune_noise_alpha: null,
      shuffle: true,
      group_by_length: false,
      seed: 42,
      eval_steps: 500,
    });
  });

  it('tells the defaults that were taken, and by name and value what can’t be set, in both languages', () => {
    const [assumed, left] = notesIn(example);
    expect(assumed).toContain('lora_alpha: 16; lora_dropout: 0;');
    expect(assumed).not.toContain('logging_steps');
    expect(left).toBe(
      'Could not be taken from the file of LLaMA-Factory: model_name_or_path: meta-llama/Llama-3.2-1B-Instruct; trust_remote_code: true; template: llama3; overwrite_cache: true.',
    );
    expect(notesIn(example, 'zh')[1]).toContain('无法采用的项：model_name_or_path: meta-llama');
  });

  it.each([
    ['lora_rank: 4', { r: 4, lora_alpha: 8 }],
    ['lora_rank: 4\nlora_alpha: 4', { r: 4, lora_alpha: 4 }],
    [
      'oft_target: q_proj\nfinetuning_type: oft',
      { finetuning_type: 'oft', oft_block_size: 32, target_modules: ['q_proj'] },
    ],
    ['lora_target: all', { target_modules: 'all-linear', r: 8, max_seq_length: 2048, learning_rate: 5e-5 }],
    ['stage: sft', { per_device_train_batch_size: 8, gradient_accumulation_steps: 1, eval_split: 0 }],
    [
      'quantization_bit: 4\ndouble_quantization: false',
      { load_in_4bit: true, bnb_4bit_use_double_quant: false },
    ],
    ['quantization_bit: 4', { load_in_4bit: true, bnb_4bit_use_double_quant: true }],
    ['stage: sft\npissa_init: true', { init_lora_weights: 'pissa_niter_16' }],
    ['stage: sft\npissa_init: true\npissa_iter: -1', { init_lora_weights: 'pissa' }],
    ['stage: sft\nuse_dft_loss: true\nmask_history: true', { loss_type: 'dft', train_on: 'last_response' }],
    ['stage: sft\ntrain_on_prompt: true\ndisable_shuffling: true', { train_on: 'all', shuffle: false }],
    ['stage: sft\nmix_strategy: interleave_over', { mix_strategy: 'interleave_over' }],
    [
      'stage: sft\ndataset: a\neval_dataset: [b, c]\nmax_samples: 9\ninterleave_probs: 0.7,0.3',
      { dataset: ['a'], eval_dataset: ['b', 'c'], max_samples: 9, interleave_probs: [0.7, 0.3] },
    ],
    ['stage: pt', { objective: 'pt', packing: true, packing_strategy: 'wrapped' }],
    ['stage: pt\npacking: false', { objective: 'pt', packing: false }],
    ['stage: sft\nneat_packing: true\ngroup_by_length: true', { packing: true, group_by_length: true }],
    ['stage: sft\ntrain_sampling_strategy: sequential', { shuffle: false, group_by_length: false }],
    ['stage: sft\ntemplate: alpaca\nfp16: true', { template: 'alpaca', dtype: 'float16' }],
    ['stage: sft\ndisable_gradient_checkpointing: true', { gradient_checkpointing: false }],
    [
      'stage: sft\nlr_scheduler_type: polynomial\nlr_scheduler_kwargs: {power: 2.0}',
      { lr_scheduler_type: 'polynomial', power: 2, lr_end: 1e-7 },
    ],
    [
      'stage: sft\nlearning_rate: 1.0e-4\nlr_scheduler_type: cosine_with_min_lr\nlr_scheduler_kwargs: {min_lr: 0.00002}',
      { lr_scheduler_type: 'cosine_with_min_lr', min_lr_rate: 0.2 },
    ],
    ['stage: sft\nuse_rslora: true\nloraplus_lr_ratio: 16.0', { use_rslora: true, loraplus_lr_ratio: 16 }],
  ])('%s', (text, wanted) => {
    expect(readSettingsFile('f.yaml', text).settings).toMatchObject(wanted);
  });

  it.each([
    ['quantization_bit: 8', 'load_in_4bit', 'quantization_bit: 8'],
    ['stage: sft\noptim: galore_adamw', 'optim', 'optim: galore_adamw'],
    ['stage: sft\nval_size: 200', 'eval_split', 'val_size: 200'],
    [
      'stage: sft\nlr_scheduler_type: cosine\nlr_scheduler_kwargs: {num_cycles: 2}',
      'num_cycles',
      'lr_scheduler_kwargs: {"num_cycles":2}',
    ],
    ['stage: sft\nlr_scheduler_type: greedy', 'lr_scheduler_type', 'lr_scheduler_type: greedy'],
  ])('%s is named as what can’t be set', (text, setting, named) => {
    const { settings } = readSettingsFile('f.yaml', text);
    expect(settings).not.toHaveProperty(setting);
    expect(notesIn(text).at(-1)).toContain(`LLaMA-Factory: ${named}.`);
  });
});

describe('a key of LLaMA-Factory that no setting stands for', () => {
  it.each(['stage: dpo', 'finetuning_type: galore', 'enable_thinking: false', 'deepspeed: z.json'])(
    '%s is named',
    (line) => {
      expect(notesIn(`lora_rank: 8\n${line}`).at(-1)).toContain(`LLaMA-Factory: ${line}.`);
    },
  );

  it.each(['do_train: true', 'stage: sft', 'finetuning_type: lora', 'packing: false', 'report_to: none'])(
    '%s means what is done here anyway',
    (line) => {
      expect(notesIn(`lora_rank: 8\n${line}`)).toHaveLength(1);
    },
  );
});

describe('an adapter_config.json', () => {
  const config = {
    ...{
      base_model_name_or_path: 'Qwen/Qwen3-0.6B',
      bias: 'none',
      fan_in_fan_out: false,
      inference_mode: true,
    },
    ...{
      init_lora_weights: true,
      layers_to_transform: null,
      loftq_config: {},
      lora_alpha: 32,
      lora_dropout: 0.05,
    },
    ...{ megatron_core: 'megatron.core', modules_to_save: null, peft_type: 'LORA', peft_version: '0.21.2' },
    ...{
      qalora_group_size: 16,
      r: 8,
      rank_pattern: {},
      revision: null,
      target_modules: ['q_proj', 'v_proj'],
    },
    ...{ task_type: 'CAUSAL_LM', use_dora: false, use_rslora: true, alpha_pattern: { q_proj: 4 } },
  };

  it('sets the adapter and nothing else', () => {
    const { settings } = readSettingsFile('adapter_config.json', JSON.stringify(config));
    expect(settings).toEqual({
      finetuning_type: 'lora',
      ...{ r: 8, lora_alpha: 32, lora_dropout: 0.05, use_rslora: true, use_dora: false },
      ...{
        init_lora_weights: true,
        rank_pattern: {},
        alpha_pattern: { q_proj: 4 },
        layers_to_transform: null,
      },
      target_modules: ['q_proj', 'v_proj'],
    });
    expect(notesIn(JSON.stringify(config))).toEqual([
      'Not named in the file, so as PEFT does it: layers_to_transform: null.',
      'Could not be taken from the file of PEFT: base_model_name_or_path: Qwen/Qwen3-0.6B.',
    ]);
  });

  it('names what it has besides', () => {
    const more = { ...config, bias: 'all', target_modules: '.*attn.*', init_lora_weights: 'gaussian' };
    const { settings } = readSettingsFile('a', JSON.stringify(more));
    expect(settings).not.toHaveProperty('target_modules');
    expect(settings).not.toHaveProperty('init_lora_weights');
    const last = notesIn(JSON.stringify(more)).at(-1);
    for (const named of ['bias: all', 'target_modules: .*attn.*', 'init_lora_weights: gaussian']) {
      expect(last).toContain(named);
    }
  });

  it.each([
    [
      'OFT',
      { oft_block_size: 16, r: 0, module_dropout: 0, eps: 6e-5 },
      { finetuning_type: 'oft', oft_block_size: 16 },
    ],
    [
      'IA3',
      { feedforward_modules: ['down_proj'] },
      { finetuning_type: 'ia3', feedforward_modules: ['down_proj'] },
    ],
  ])('of %s sets what that kind has', (peft_type, fields, wanted) => {
    const { settings, notes } = readSettingsFile('a', JSON.stringify({ peft_type, ...fields }));
    expect(settings).toMatchObject(wanted);
    expect(settings).not.toHaveProperty('lora_alpha');
    expect(JSON.stringify(notes)).not.toContain('settings_left');
  });

  it('of another kind is refused', () => {
    const other = JSON.stringify({ peft_type: 'ADALORA', r: 8 });
    try {
      readSettingsFile('a', other);
      expect.unreachable();
    } catch (error) {
      expect(told(error)).toMatchObject({ code: 'settings_file_invalid' });
      expect(told(error).message).toContain('ADALORA');
    }
  });
});

it('tells that LLaMA-Factory quantises the constants of 4-bit bases, which changes their values', () => {
  expect(notesIn('quantization_bit: 4')[0]).toContain('bnb_4bit_use_double_quant: true');
  expect(notesIn('lora_rank: 8')[0]).not.toContain('bnb_4bit_use_double_quant');
});

describe('a file that is not LLaMA-Factory’s', () => {
  it.each([
    ['TRL’s', 'model_name_or_path: a/b\nlora_r: 64\nlearning_rate: 1.0e-4', ['lora_r', 'model_name_or_path']],
    ['this program’s with a wrong key', 'r: 64\ndata: rows.jsonl', ['data']],
    [
      'this program’s with keys of LLaMA-Factory',
      'max_seq_length: 512\nstage: sft\nlora_rank: 8',
      ['stage', 'lora_rank'],
    ],
    ['this program’s with answers', 'answers:\n  top_k: 5\ncutoff_len: 512', ['cutoff_len']],
  ])('%s, is refused with its lines', (_, text, keys) => {
    try {
      readSettingsFile('f.yaml', text);
      expect.unreachable();
    } catch (error) {
      expect(told(error)).toMatchObject({ code: 'settings_file_invalid' });
      for (const key of keys) expect(told(error).message).toContain(key);
    }
  });
});

it('leaves this program’s own files as they are', () => {
  const { settings, notes } = readSettingsFile('own', JSON.stringify({ r: DEFAULTS.r, lora_alpha: 3 }));
  expect(settings).toEqual({ r: DEFAULTS.r, lora_alpha: 3 });
  expect(notes).toEqual([]);
});
