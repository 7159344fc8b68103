import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inEnglish } from '../../../src/core/messages/english';
import { loadTokenizer } from '../../../src/data/tokenizer';
import { readSpec } from '../../../src/models/config';
import { ggufFolder, type GgufContents } from '../../../src/models/gguf_folder';
import { checkpointTensors } from '../../../src/models/spec';
import { attentionsOf, mlpsOf } from './layers';

interface TokenizerJson {
  readonly added_tokens: readonly { id: number; content: string; special: boolean }[];
  readonly model: { readonly vocab: Readonly<Record<string, number>>; readonly merges: readonly string[][] };
}

const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../tokenizers/fixtures/${name}.json`, import.meta.url), 'utf8'));
const { hard } = fixture('expected') as { hard: readonly string[] };

/** The metadata of a tokenizer that a conversion writes. */
function tokenizerMetadata(json: TokenizerJson, model: 'gpt2' | 'llama'): Map<string, unknown> {
  const tokens: string[] = [];
  const types: number[] = [];
  const scores: number[] = [];
  for (const [token, id] of Object.entries(json.model.vocab)) {
    tokens[id] = token;
    types[id] = /^<0x..>$/.test(token) ? 6 : token === '<unk>' ? 2 : 1;
  }
  for (const { id, content, special } of json.added_tokens) {
    tokens[id] = content;
    types[id] = content === '<unk>' ? 2 : special ? 3 : 4;
  }
  tokens.forEach((_, id) => (scores[id] = types[id] === 1 ? -100_000 : 0));
  json.model.merges.forEach((pair, rank) => {
    const id = json.model.vocab[pair.join('')];
    if (id !== undefined) scores[id] = Math.max(scores[id] ?? 0, -1 - rank);
  });
  return new Map<string, unknown>([
    ['tokenizer.ggml.model', model],
    ['tokenizer.ggml.tokens', tokens],
    ['tokenizer.ggml.token_type', types],
    ...(model === 'llama'
      ? [['tokenizer.ggml.scores', scores] as const]
      : [['tokenizer.ggml.merges', json.model.merges.map((pair) => pair.join(' '))] as const]),
  ]);
}

const shape = (architecture: string, more: Readonly<Record<string, unknown>> = {}): [string, unknown][] => [
  ['general.architecture', architecture],
  ...Object.entries({
    context_length: 4096,
    embedding_length: 64,
    block_count: 2,
    feed_forward_length: 128,
    'attention.head_count': 4,
    'attention.head_count_kv': 2,
    'attention.layer_norm_rms_epsilon': 1e-5,
    ...more,
  }).map(([key, value]): [string, unknown] => [`${architecture}.${key}`, value]),
];

function contents(
  architecture: string,
  more: Readonly<Record<string, unknown>> = {},
  tensors: readonly string[] = [],
): GgufContents {
  const tokenizer = tokenizerMetadata(fixture('qwen') as TokenizerJson, 'gpt2').set(
    'tokenizer.ggml.pre',
    'qwen2',
  );
  return {
    metadata: new Map([...shape(architecture, more), ...tokenizer]),
    tensors: new Map<string, { shape: readonly number[] }>([
      ['token_embd.weight', { shape: [1000, 64] }],
      ...tensors.map((name) => [name, { shape: [64] }] as const),
    ]),
  };
}

describe('the tokenizer of a GGUF file', () => {
  it.each([
    ['qwen', 'gpt2', { 'tokenizer.ggml.pre': 'qwen2' }],
    ['llama3', 'gpt2', { 'tokenizer.ggml.pre': 'llama-bpe' }],
    ['glm', 'gpt2', { 'tokenizer.ggml.pre': 'glm4' }],
    ['smollm2', 'gpt2', { 'tokenizer.ggml.pre': 'smollm' }],
    ['mistral_tekken', 'gpt2', { 'tokenizer.ggml.pre': 'tekken' }],
    ['gpt2', 'gpt2', { 'tokenizer.ggml.pre': 'gpt-2' }],
    ['llama2', 'llama', {}],
    ['yi', 'llama', { 'tokenizer.ggml.add_space_prefix': false }],
    ['gemma3', 'llama', { 'tokenizer.ggml.add_space_prefix': false }],
  ] as const)('gives the ids and texts of %s', (name, model, more) => {
    const json = fixture(name) as TokenizerJson;
    const metadata = new Map([...shape('llama'), ...tokenizerMetadata(json, model), ...Object.entries(more)]);
    const { tokenizer, tokenizerConfig } = ggufFolder({ metadata, tensors: new Map() });
    const own = loadTokenizer(json);
    const converted = loadTokenizer(tokenizer, tokenizerConfig);
    expect(converted.specialIds).toEqual(own.specialIds);
    for (const text of hard) {
      const ids = own.encode(text);
      expect(converted.encode(text), JSON.stringify(text)).toEqual(ids);
      expect(converted.decode(ids)).toBe(own.decode(ids));
    }
  });

  it('names its special tokens, its templates and what ends an answer', () => {
    const given = contents('qwen2');
    const first = (fixture('qwen') as TokenizerJson).added_tokens[0]?.id ?? 0;
    const metadata = new Map<string, unknown>([
      ...given.metadata,
      ['tokenizer.ggml.bos_token_id', first],
      ['tokenizer.ggml.eos_token_id', first + 2],
      ['tokenizer.ggml.eot_token_id', first + 1],
      ['tokenizer.ggml.add_bos_token', true],
      ['tokenizer.chat_template', 'a'],
      ['tokenizer.chat_templates', ['tool_use']],
      ['tokenizer.chat_template.tool_use', 'b'],
    ]);
    const { tokenizer, tokenizerConfig, generationConfig } = ggufFolder({ ...given, metadata });
    expect(tokenizerConfig).toEqual({
      bos_token: '<|endoftext|>',
      eos_token: '<|im_end|>',
      add_bos_token: true,
      chat_template: [
        { name: 'default', template: 'a' },
        { name: 'tool_use', template: 'b' },
      ],
    });
    expect(generationConfig).toEqual({ eos_token_id: [first + 2, first + 1] });
    const loaded = loadTokenizer(tokenizer, tokenizerConfig);
    expect(loaded.encode('', { addSpecialTokens: true })).toEqual([first]);
  });

  it.each([
    ['tokenizer.ggml.pre', 'whatever', /tokenizer\.ggml\.pre is "whatever"/],
    ['tokenizer.ggml.pre', 'constructor', /tokenizer\.ggml\.pre is "constructor"/],
    ['tokenizer.ggml.model', 'bert', /tokenizer\.ggml\.model is "bert"/],
    ['tokenizer.ggml.eos_token_id', 'end', /eos_token_id/],
    ['tokenizer.ggml.token_type', [1], /token_type/],
  ])('refuses %s = %j by name', (key, value, message) => {
    const given = contents('qwen2');
    const metadata = new Map([...given.metadata, [key, value]]);
    expect(() => ggufFolder({ ...given, metadata })).toThrow(message);
  });

  it.each(['bos', 'eos', 'padding', 'unknown'])('goes on without a %s token that is out of range', (name) => {
    const given = contents('qwen2');
    const key = `tokenizer.ggml.${name}_token_id`;
    for (const id of [4_294_967_295, -1]) {
      const { tokenizerConfig, generationConfig, notes } = ggufFolder({
        ...given,
        metadata: new Map<string, unknown>([...given.metadata, [key, id]]),
      });
      expect(notes.map(inEnglish)).toEqual([expect.stringContaining(`${key} is ${id}`)]);
      expect(JSON.stringify([tokenizerConfig, generationConfig])).not.toContain(String(id));
    }
  });
});

describe('the config of a GGUF file', () => {
  it.each([
    ['llama', 'llama', {}],
    ['llama', 'mistral', { 'attention.sliding_window': 128 }],
    ['qwen2', 'qwen2', {}],
    ['qwen3', 'qwen3', { 'attention.key_length': 32, 'attention.value_length': 32 }],
    ['smollm3', 'smollm3', {}],
    ['ernie4_5', 'ernie4_5', {}],
    ['gemma3', 'gemma3', { 'attention.key_length': 32, 'attention.sliding_window': 64 }],
  ])('of %s is read as %s', (architecture, family, more) => {
    const spec = readSpec(ggufFolder(contents(architecture, more)).config);
    expect(spec).toMatchObject({ family, hiddenSize: 64, vocabularySize: 1000, tiedHead: true });
    expect(spec.blocks).toHaveLength(2);
    const [attention] = attentionsOf(spec);
    expect(attention?.headDim).toBe('attention.key_length' in more ? 32 : 16);
    expect(attention?.qkvBias).toBe(family === 'qwen2');
    if (family === 'mistral') expect(attention?.window).toBe(128);
  });

  it('of lfm2 tells by its heads which layers have attention', () => {
    const more = {
      'attention.head_count_kv': [0, 2],
      'shortconv.l_cache': 3,
      feed_forward_length: 128,
    };
    const spec = readSpec(ggufFolder(contents('lfm2', more)).config);
    expect(spec.blocks.map(([first]) => first?.layer.kind)).toEqual(['short_convolution', 'attention']);
    expect(attentionsOf(spec)[0]).toMatchObject({ kvHeads: 2 });
    expect(mlpsOf(spec)[0]).toMatchObject({ intermediateSize: 128 });
    expect(checkpointTensors(spec).every(({ gguf }) => gguf !== undefined)).toBe(true);
  });

  it.each([
    ['27B', { block_count: 62, embedding_length: 5376, 'attention.head_count': 32 }, 128, 168],
    ['12B', { block_count: 48, embedding_length: 3840, 'attention.head_count': 16 }, 256, 256],
  ])('scales the attention of Gemma 3 %s as its config.json says', (_, shape, headDim, scalar) => {
    const { config } = ggufFolder(contents('gemma3', { ...shape, 'attention.key_length': headDim }));
    expect(config).toMatchObject({ head_dim: headDim, query_pre_attn_scalar: scalar });
  });

  it('has biases and a head of its own where the tensors say so, and the scalings by name', () => {
    const untied = ggufFolder(contents('llama', {}, ['output.weight', 'blk.0.attn_q.bias'])).config;
    expect(untied).toMatchObject({ tie_word_embeddings: false, attention_bias: true });
    const scaled = (more: Record<string, unknown>) => ggufFolder(contents('llama', more)).config.rope_scaling;
    expect(scaled({ 'rope.scaling.type': 'linear', 'rope.scaling.factor': 2 })).toEqual({
      rope_type: 'linear',
      factor: 2,
    });
    const yarn = { 'rope.scaling.type': 'yarn', 'rope.scaling.factor': 4 };
    expect(scaled({ ...yarn, 'rope.scaling.original_context_length': 1024 })).toEqual({
      rope_type: 'yarn',
      factor: 4,
      original_max_position_embeddings: 1024,
    });
    expect(scaled({ 'rope.scaling.type': 'none' })).toBeUndefined();
  });

  it("finds Llama 3's scaling in the factors of the frequencies", () => {
    const theta = 500_000;
    const dim = 128;
    const factors = Float32Array.from({ length: dim / 2 }, (_, i) => {
      const wavelength = (2 * Math.PI) / theta ** ((-2 * i) / dim);
      if (wavelength < 8192 / 4) return 1;
      if (wavelength > 8192) return 32;
      const smooth = (8192 / wavelength - 1) / 3;
      return 1 / ((1 - smooth) / 32 + smooth);
    });
    const given = contents('llama', { 'rope.freq_base': theta, 'attention.key_length': dim }, [
      'rope_freqs.weight',
    ]);
    expect(ggufFolder({ ...given, ropeFactors: factors }).config.rope_scaling).toEqual({
      rope_type: 'llama3',
      factor: 32,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 8192,
    });
    const ones = new Float32Array(dim / 2).fill(1);
    expect(ggufFolder({ ...given, ropeFactors: ones }).config).not.toHaveProperty('rope_scaling');
    factors[40] = 5;
    expect(() => ggufFolder({ ...given, ropeFactors: factors })).toThrow(/rope_freqs\.weight/);
    expect(() => ggufFolder(given)).toThrow(/has no rope_freqs\.weight/);
  });

  it.each([
    ['mamba', {}, /general\.architecture is "mamba"/],
    ['constructor', {}, /general\.architecture is "constructor"/],
    ['llama', { expert_count: 8 }, /llama\.expert_count is 8/],
    ['llama', { logit_scale: 0.5 }, /llama\.logit_scale/],
    ['llama', { 'rope.scaling.type': 'longrope', 'rope.scaling.factor': 2 }, /longrope/],
    ['llama', { 'attention.head_count': undefined }, /has no llama\.attention\.head_count/],
    ['qwen3', { 'attention.value_length': 99 }, /value_length is 99/],
  ])('of %s with %j is refused by name', (architecture, more, message) => {
    expect(() => ggufFolder(contents(architecture, more))).toThrow(message);
  });

  it('may have entries whose values change nothing', () => {
    const neutral = {
      ...{ embedding_length_out: 0, use_parallel_residual: false },
      ...{ 'attention.causal': true, 'attention.clamp_kqv': 0, 'attention.max_alibi_bias': 0 },
      ...{ 'attention.layer_norm_epsilon': 1e-5, logit_scale: 1, final_logit_softcapping: 0 },
      ...{ pooling_type: 0, nextn_predict_layers: 0, expert_group_count: 0 },
    };
    expect(ggufFolder(contents('llama', neutral)).config).toEqual(ggufFolder(contents('llama', {})).config);
    const { head_dim } = ggufFolder(contents('llama', {})).config;
    const scale = Math.fround(1 / Math.sqrt(Number(head_dim)));
    expect(() => ggufFolder(contents('llama', { 'attention.scale': scale }))).not.toThrow();
    expect(() => ggufFolder(contents('llama', { 'attention.scale': 1 }))).toThrow(/attention\.scale is 1/);
  });

  it.each(['adapter', 'mmproj', 'imatrix', 'vocab'])(
    'of a file of type %s is refused for what it is',
    (type) => {
      const given = contents('llama', {});
      const metadata = new Map<string, unknown>([...given.metadata, ['general.type', type]]);
      expect(() => ggufFolder({ ...given, metadata })).toThrow(
        expect.objectContaining({ code: 'gguf_not_model' }),
      );
    },
  );
});
