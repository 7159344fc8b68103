import { describe, expect, it } from 'vitest';
import { wholeSettings } from '../../../src/models/adapters/settings';
import { loraForm } from '../../../src/models/adapters/lora_form';
import {
  adapterTensorName,
  patternValues,
  plainTensorName,
  targetedModules,
} from '../../../src/formats/peft';
import { adapterConfig, parseAdapterConfig, type Targets } from '../../../src/formats/peft_config';
import type { JsonObject } from '../../../src/core/json';

const common = {
  base_model_name_or_path: 'demo',
  revision: null,
  target_modules: ['q_proj', 'v_proj'],
  layers_to_transform: [0, 1],
};
const own = {
  r: 8,
  lora_alpha: 16,
  lora_dropout: 0.05,
  use_rslora: true,
  use_dora: true,
  rank_pattern: { q_proj: 4 },
  alpha_pattern: { 'layers.0.*': 8 },
};
const written = (): JsonObject =>
  adapterConfig(
    common,
    loraForm,
    loraForm.write(wholeSettings({ ...own, target_modules: 'all-linear' }), []),
  );
const parse = (json: unknown) => parseAdapterConfig(json, [loraForm]);

describe('adapter_config.json', () => {
  it('comes back as it was written', () => {
    const { config, form, fields } = parse(JSON.parse(JSON.stringify(written())));
    expect(config).toEqual({ ...common, layers_pattern: null, exclude_modules: null });
    expect(form).toBe(loraForm);
    expect(form.read(fields)).toEqual(own);
  });

  it('is sorted by key, as PEFT writes it, and holds the conservative fields only', () => {
    const keys = Object.keys(written());
    expect(keys).toEqual([...keys].sort());
    expect(written()).toMatchObject({
      peft_type: 'LORA',
      task_type: 'CAUSAL_LM',
      bias: 'none',
      fan_in_fan_out: false,
      init_lora_weights: true,
      inference_mode: true,
      modules_to_save: null,
      auto_mapping: null,
    });
  });

  it('of PEFT 0.21 is read, with all its fields that are switched off', () => {
    const theirs = {
      ...{ alora_invocation_tokens: null, alpha_pattern: {}, arrow_config: null, auto_mapping: null },
      ...{ base_model_name_or_path: null, bias: 'none', corda_config: null, ensure_weight_tying: false },
      ...{ eva_config: null, exclude_modules: null, fan_in_fan_out: false, inference_mode: false },
      ...{ init_lora_weights: true, kasa_config: null, layer_replication: null, layers_pattern: null },
      ...{ layers_to_transform: null, loftq_config: {}, lora_alpha: 8, lora_bias: false, lora_dropout: 0.0 },
      ...{ lora_ga_config: null, megatron_config: null, megatron_core: 'megatron.core', r: 8 },
      ...{ modules_to_save: null, monteclora_config: null, peft_type: 'LORA', peft_version: '0.21.2' },
      ...{ qalora_group_size: 16, rank_pattern: {}, revision: null, target_modules: ['q_proj'] },
      ...{ target_parameters: null, task_type: 'CAUSAL_LM', trainable_token_indices: null, use_bdlora: null },
      ...{ use_dora: false, use_qalora: false, use_rslora: false, velora_config: null },
    };
    const { config, fields } = parse(theirs);
    expect(fields).toMatchObject({ r: 8, lora_alpha: 8 });
    expect(config.target_modules).toEqual(['q_proj']);
  });

  it.each([
    ['peft_type', 'IA3'],
    ['task_type', 'SEQ_CLS'],
    ['r', 0],
    ['r', 1.5],
    ['r', undefined],
    ['lora_alpha', '16'],
    ['lora_dropout', 1],
    ['target_modules', []],
    ['target_modules', null],
    ['bias', 'all'],
    ['init_lora_weights', 'pissa'],
    ['use_qalora', true],
    ['lora_bias', true],
    ['fan_in_fan_out', true],
    ['modules_to_save', ['lm_head']],
    ['rank_pattern', { q_proj: 0 }],
    ['layers_to_transform', [-1]],
    ['layer_replication', [[0, 4]]],
    ['trainable_token_indices', [1]],
    ['some_later_idea', { strength: 2 }],
  ])('is refused by name where %s is %j', (field, value) => {
    const json: unknown = JSON.parse(JSON.stringify({ ...written(), [field]: value }));
    expect(() => parse(json)).toThrow(new RegExp(`adapter_config\\.json .*\\b${field}\\b`));
  });

  it('is refused where it is no object', () => {
    expect(() => parse([])).toThrow(/not a JSON object/);
  });
});

describe('target_modules', () => {
  const modules = [
    'model.layers.0.self_attn.q_proj',
    'model.layers.0.mlp.up_proj',
    'model.layers.1.self_attn.q_proj',
    'model.layers.1.mlp.up_proj',
    'lm_head',
  ];

  const named = (target_modules: string[] | string, more: Partial<Targets> = {}) =>
    targetedModules(
      { target_modules, layers_to_transform: null, layers_pattern: null, exclude_modules: null, ...more },
      modules,
    );

  it('as a list match whole paths or their ends, in the order of the model, and pass over what it lacks', () => {
    const expected = [0, 1, 3].map((i) => modules[i]);
    expect(named(['up_proj', 'model.layers.0.self_attn.q_proj'])).toEqual(expected);
    expect(named(['c_attn', 'up_proj', 'model.layers.0.self_attn.q_proj'])).toEqual(expected);
    expect(() => named(['c_attn', 'proj'])).toThrow(/"c_attn".*|q_proj, up_proj, lm_head/);
  });

  it('as all-linear leave the output head alone', () => {
    expect(named('all-linear')).toEqual(modules.slice(0, 4));
  });

  it.each([
    '.*\\.1\\..*_proj',
    '(?i).*\\.1\\..*_PROJ',
    '.*\\.(?P<layer>1)\\..*_proj\\Z',
    'model\\.layers\\.[]1]\\..*q\\_proj|model\\.layers\\.1.mlp\\.up_proj(?#both)',
    'model\\.(?P<word>l)ayers\\.1\\.(self_attn\\.q|m(?P=word)p\\.up)_proj',
  ])('as a string are a regular expression of Python for the whole path: %s', (expression) => {
    expect(named(expression)).toEqual(modules.slice(2, 4));
  });

  it('as an expression that matches nothing, or can not be read, are refused', () => {
    expect(() => named('q_proj')).toThrow(/matches "q_proj"/);
    for (const expression of ['(', '(?x) q_proj', '(?>q)_proj']) {
      expect(() => named(expression)).toThrow(/regular expression/);
    }
  });

  const hostile = [
    '(a+)+$',
    '(?:.*)*x',
    '(m|mo|.)*x',
    '.*.*.*.*.*x',
    `${'.?'.repeat(30)}x`,
    `${'(?:.|[a-z])'.repeat(30)}x`,
    '[[](?:.+)+x',
    '(.+)\\1(?:\\1.?)+x',
  ];

  it.each(hostile)('as an expression that could take for ever are refused: %s', (expression) => {
    const refused = /regular expression .* repeats too much/;
    expect(() => named(expression)).toThrow(refused);
    expect(() => named(['q_proj'], { exclude_modules: expression })).toThrow(refused);
    expect(() => named(['q_proj'], { layers_to_transform: [1], layers_pattern: [expression] })).toThrow(
      refused,
    );
    expect(() => patternValues({ [expression]: 4 })).toThrow(refused);
  });

  it('as the expression that Unsloth writes match as in Python', () => {
    const unsloth =
      '(?:.*?(?:language|text).*?(?:self_attn|attention|attn|mlp|feed_forward|ffn|dense).*?(?:q_proj|k_proj).*?)|' +
      '(?:\\bmodel\\.layers\\.[\\d]{1,}\\.(?:self_attn|attention|attn|mlp)\\.(?:(?:q_proj|k_proj)))';
    expect(named(unsloth)).toEqual([modules[0], modules[2]]);
  });

  it('have ranks by the first pattern that matches a path or an end of it', () => {
    const rankOf = patternValues({
      '^layers.*': 1,
      '^model.*1.*q_proj': 2,
      'q_[p]roj': 3,
      up_proj: 4,
      '.*proj': 5,
    });
    expect(modules.slice(0, 4).map(rankOf)).toEqual([3, 4, 2, 4]);
    expect(patternValues({ proj: 1, 'n.q_proj': 2 })(modules[0]!)).toBeUndefined();
  });

  it('have as many ranks by name as there are modules, but not as many by expressions', () => {
    const many = (pattern: string) =>
      Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`layers.${i}.${pattern}`, 4]));
    expect(patternValues(many('q_proj'))('model.layers.999.q_proj')).toBe(4);
    expect(() => patternValues(many('.*_proj'))).toThrow(/repeats too much/);
  });

  it('are fewer by the layers and the exclusions that go with them', () => {
    expect(named(['q_proj', 'up_proj'], { layers_to_transform: [1] })).toEqual(modules.slice(2, 4));
    expect(named(['up_proj'], { layers_to_transform: [1], layers_pattern: ['layers'] })).toEqual([
      modules[3],
    ]);
    expect(() => named(['up_proj'], { layers_to_transform: [1], layers_pattern: ['h'] })).toThrow();
    expect(named(['q_proj', 'up_proj'], { exclude_modules: ['self_attn.q_proj'] })).toEqual([
      modules[1],
      modules[3],
    ]);
    expect(named(['q_proj'], { exclude_modules: '.*\\.0\\..*' })).toEqual([modules[2]]);
    expect(named(['q_proj'], { exclude_modules: ['router'] })).toEqual([modules[0], modules[2]]);
  });
});

describe('names of tensors', () => {
  it('are those of PEFT', () => {
    const module = 'model.layers.0.self_attn.q_proj';
    const name = 'base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight';
    expect(adapterTensorName({ module, part: 'lora_A.weight' })).toBe(name);
    const magnitude = adapterTensorName({ module, part: 'lora_magnitude_vector' });
    for (const plain of [name, magnitude]) expect(plainTensorName(plain)).toBe(plain);
    expect(plainTensorName(name.replace('lora_A', 'lora_A.default'))).toBe(name);
    expect(plainTensorName(`${magnitude}.default.weight`)).toBe(magnitude);
    expect(plainTensorName(`${magnitude}.weight`)).toBe(magnitude);
  });
});
