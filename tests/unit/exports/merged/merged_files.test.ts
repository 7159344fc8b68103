import { describe, expect, it } from 'vitest';
import { parseSize, shardIndex, shardsOf } from '../../../../src/exports/merged/shards';
import { smallFiles, withTemplate, type SmallFacts } from '../../../../src/exports/card/small_files';

describe('max_shard_size', () => {
  it.each([
    ['5GB', 5e9],
    ['1.5 MB', 1.5e6],
    ['200kb', 2e5],
    ['4096', 4096],
  ])('%s is %i bytes', (text, bytes) => {
    expect(parseSize('max_shard_size', text)).toBe(bytes);
  });

  it.each(['', '0', '-1', 'GB', '5 apples', '1e400', 'NaN'])('%j is refused by name', (text) => {
    expect(() => parseSize('max_shard_size', text)).toThrow(
      expect.objectContaining({
        code: 'export_size',
        message: expect.stringContaining('max_shard_size') as string,
      }),
    );
  });

  it('keeps the order, fills each file up to it, and gives a larger tensor one of its own', () => {
    const tensors = [3, 4, 20, 5, 5].map((bytes, i) => ({ name: `t${i}`, bytes }));
    const shards = shardsOf(tensors, 10);
    expect(shards.map(({ tensors: own }) => own.map(({ name }) => name))).toEqual([
      ['t0', 't1'],
      ['t2'],
      ['t3', 't4'],
    ]);
    expect(shards.map(({ name }) => name)).toEqual([
      'model-00001-of-00003.safetensors',
      'model-00002-of-00003.safetensors',
      'model-00003-of-00003.safetensors',
    ]);
    const { name, text } = shardIndex(shards, { total_parameters: 9, total_size: 37 });
    expect(name).toBe('model.safetensors.index.json');
    expect(JSON.parse(text)).toMatchObject({
      metadata: { total_parameters: 9, total_size: 37 },
      weight_map: { t0: shards[0]!.name, t2: shards[1]!.name, t4: shards[2]!.name },
    });
  });

  it('that all fits into makes one file of the usual name', () => {
    expect(shardsOf([{ bytes: 3 }], 10).map(({ name }) => name)).toEqual(['model.safetensors']);
  });
});

const CONFIG = `{
  "architectures": ["LlamaForCausalLM"],
  "rms_norm_eps": 1e-05,
  "rope_theta": 10000.0,
  "big": 1000000000000000019884624838656,
  "quantization_config": {"quant_method": "awq"},
  "torch_dtype": "float16"
}`;

const facts: SmallFacts = {
  config: {},
  tokenizer: {},
  tokenizerConfig: { chat_template: '{{ messages }}' },
  templateFile: undefined,
  generationConfig: undefined,
  texts: {
    'config.json': CONFIG,
    'tokenizer.json': '{"exactly": 1.0, "as":"it came"}',
    'tokenizer_config.json':
      '{"model_max_length": 1000000000000000019884624838656, "chat_template": "{{ messages }}"}',
  },
};

describe('the small files of a merged export', () => {
  it('are as they came, but for the dtype and the quantisation in config.json', () => {
    const files = smallFiles(facts, 'bfloat16');
    expect(files.get('tokenizer.json')).toBe(facts.texts['tokenizer.json']);
    expect(files.get('tokenizer_config.json')).toBe(facts.texts['tokenizer_config.json']);
    expect(files.get('config.json')).toBe(`{
  "architectures": [
    "LlamaForCausalLM"
  ],
  "rms_norm_eps": 1e-05,
  "rope_theta": 10000.0,
  "big": 1000000000000000019884624838656,
  "torch_dtype": "bfloat16"
}
`);
  });

  it('have the chat template in both of its places, from either', () => {
    expect(smallFiles(facts, 'bfloat16').get('chat_template.jinja')).toBe('{{ messages }}');
    const apart = {
      ...facts,
      tokenizerConfig: {},
      templateFile: '{{ "é" }}',
      texts: {
        ...facts.texts,
        'tokenizer_config.json': '{"clean_up": 1.0}',
        'chat_template.jinja': '{{ "é" }}',
      },
    };
    const files = smallFiles(apart, 'float16');
    expect(files.get('chat_template.jinja')).toBe('{{ "é" }}');
    expect(files.get('tokenizer_config.json')).toBe(
      '{\n  "clean_up": 1.0,\n  "chat_template": "{{ \\"é\\" }}"\n}\n',
    );
  });

  it('have the same chat template in both places where the original ones differ', () => {
    for (const own of ['null', '"old"']) {
      const texts = { ...facts.texts, 'tokenizer_config.json': `{"chat_template": ${own}, "a": 1.0}` };
      const tokenizerConfig = JSON.parse(texts['tokenizer_config.json']) as unknown;
      const files = smallFiles({ ...facts, texts, tokenizerConfig, templateFile: 'new' }, 'float16');
      expect(files.get('chat_template.jinja')).toBe('new');
      expect(files.get('tokenizer_config.json')).toBe('{\n  "chat_template": "new",\n  "a": 1.0\n}\n');
    }
  });

  it('have several templates with their names', () => {
    const chat_template = [
      { name: 'default', template: 'a' },
      { name: 'tool_use', template: 'b' },
    ];
    const texts = { ...facts.texts, 'tokenizer_config.json': '{}' };
    const files = smallFiles({ ...facts, texts, tokenizerConfig: { chat_template } }, 'float16');
    expect(JSON.parse(files.get('tokenizer_config.json')!)).toEqual({ chat_template });
    expect(files.has('chat_template.jinja')).toBe(false);
    const given = withTemplate(facts, { default: 'a', tool_use: 'b' });
    expect(JSON.parse(smallFiles(given, 'float16').get('tokenizer_config.json')!)).toMatchObject({
      chat_template,
    });
  });

  it('have the template that the adapter was trained with, and no other', () => {
    const apart = { ...facts, texts: { ...facts.texts, 'chat_template.json': '{}' }, templateFile: 'own' };
    const files = smallFiles(withTemplate(apart, 'Alpaca'), 'float16');
    expect(files.get('chat_template.jinja')).toBe('Alpaca');
    expect(files.has('chat_template.json')).toBe(false);
    expect(JSON.parse(files.get('tokenizer_config.json')!)).toMatchObject({ chat_template: 'Alpaca' });
  });

  it('are made where the base came as a GGUF file', () => {
    const made = smallFiles(
      { ...facts, config: { rope_theta: 5 }, generationConfig: { eos_token_id: 2 }, texts: {} },
      'float32',
    );
    expect([...made.keys()].sort()).toEqual([
      'chat_template.jinja',
      'config.json',
      'generation_config.json',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
    expect(JSON.parse(made.get('config.json')!)).toEqual({ rope_theta: 5, torch_dtype: 'float32' });
  });

  it('name the dtype of a model with towers in both of its places', () => {
    const texts = {
      ...facts.texts,
      'config.json': '{"dtype": "float16", "text_config": {"dtype": "float16"}}',
    };
    const config = smallFiles({ ...facts, texts }, 'float32').get('config.json')!;
    expect(JSON.parse(config)).toEqual({ dtype: 'float32', text_config: { dtype: 'float32' } });
  });
});
