import { describe, expect, test } from 'vitest';
import { DEFAULTS, type TrainSettings } from '../../../../src/core/settings/settings';
import { readSpec } from '../../../../src/models/config';
import { adapterLayout } from '../../../../src/models/adapters/layout';
import { wholeParts } from '../../../../src/models/adapters/whole';
import { checkpointTensors, parameterCount } from '../../../../src/models/spec';

const config = {
  architectures: ['LlamaForCausalLM'],
  hidden_size: 64,
  num_hidden_layers: 3,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  intermediate_size: 128,
  vocab_size: 320,
  max_position_embeddings: 256,
};
const spec = readSpec(config);
const tied = readSpec({ ...config, tie_word_embeddings: true });

const layoutOf = (changes: Partial<TrainSettings>, of = spec) =>
  adapterLayout(of, { ...DEFAULTS, ...changes });
const namesOf = (changes: Partial<TrainSettings>, of = spec): readonly string[] =>
  layoutOf(changes, of).whole.map(({ name }) => name);

describe('full tuning', () => {
  test('trains every tensor of the checkpoint, a tied head once, and no adapter', () => {
    for (const of of [spec, tied]) {
      const { whole, modules, parameters, tensors } = layoutOf({ finetuning_type: 'full' }, of);
      expect(whole.map(({ name }) => name)).toEqual(checkpointTensors(of).map(({ name }) => name));
      expect(modules).toEqual([]);
      expect(parameters).toBe(parameterCount(of));
      expect(tensors.every(({ offset }) => offset % 64 === 0)).toBe(true);
    }
  });

  test('LoRA trains none of the base', () => {
    expect(namesOf({ finetuning_type: 'lora' })).toEqual([]);
  });
});

describe('freeze tuning', () => {
  const block = (index: number): readonly string[] =>
    checkpointTensors(spec).flatMap(({ name }) => (name.startsWith(`model.layers.${index}.`) ? [name] : []));

  test.each([
    [2, [1, 2]],
    [1, [2]],
    [-1, [0]],
    [99, [0, 1, 2]],
    [-99, [0, 1, 2]],
  ])('%i blocks are %j', (freeze_trainable_layers, blocks) => {
    const names = namesOf({ finetuning_type: 'freeze', freeze_trainable_layers });
    expect(names).toEqual(blocks.flatMap(block));
  });

  test('takes some modules of the blocks, and others outside', () => {
    const names = namesOf({
      finetuning_type: 'freeze',
      freeze_trainable_layers: 1,
      freeze_trainable_modules: ['mlp', 'input_layernorm'],
      freeze_extra_modules: ['norm', 'embed_tokens'],
    });
    const path = 'model.layers.2';
    expect(names.toSorted()).toEqual(
      [
        'model.embed_tokens.weight',
        'model.norm.weight',
        `${path}.input_layernorm.weight`,
        ...['gate_proj', 'up_proj', 'down_proj'].map((map) => `${path}.mlp.${map}.weight`),
      ].toSorted(),
    );
  });

  test('takes the embedding for a tied head', () => {
    const changes = {
      finetuning_type: 'freeze',
      freeze_trainable_layers: 0,
      freeze_extra_modules: ['lm_head'],
    } as const;
    expect(namesOf(changes)).toEqual(['lm_head.weight']);
    expect(namesOf(changes, tied)).toEqual(['model.embed_tokens.weight']);
  });

  test('refuses names that the model lacks, and nothing at all', () => {
    const freeze = { finetuning_type: 'freeze' } as const;
    expect(() => layoutOf({ ...freeze, freeze_trainable_modules: ['attn'] })).toThrow('no attn');
    expect(() => layoutOf({ ...freeze, freeze_extra_modules: ['mlp'] })).toThrow('no mlp');
    expect(() => layoutOf({ ...freeze, freeze_trainable_layers: 0 })).toThrow('nothing is trained');
  });
});

test('a matrix is bound in parts that every device can bind', () => {
  const parts = wholeParts({ shape: [262_144, 640] });
  expect(parts.every(({ rows }) => rows * 640 * 4 <= 2 ** 27)).toBe(true);
  expect(parts.every(({ firstRow }) => firstRow % 64 === 0)).toBe(true);
  expect(parts.reduce((sum, { rows }) => sum + rows, 0)).toBe(262_144);
});
