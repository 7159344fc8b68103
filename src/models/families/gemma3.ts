import * as v from 'valibot';
import { f32, u32, type GgufEntry } from '../../formats/gguf_writer';
import { attentionsOf } from '../layers/attention';
import type { RotaryParameters } from '../rotary_table';
import type { ModelSpec } from '../spec';
import { activationOf, parseCommon, parseConfig, plainSpec, sizesOf, type CommonConfig } from './common';
import { unrunnable, type Family } from './family';
import { positive, size } from './fields';
import { layerTypes, windowOf } from './layers';
import { RotaryRecord, rotaryParameters } from './rotary';

/** Every sixth layer is global. */
const USUAL_PATTERN = 6;

const Gemma3 = v.looseObject({
  hidden_activation: v.optional(v.string(), 'gelu_pytorch_tanh'),
  query_pre_attn_scalar: v.optional(positive, 256),
  sliding_window: v.optional(size, 4096),
  sliding_window_pattern: v.optional(size, USUAL_PATTERN),
  rope_local_base_freq: v.optional(positive, 10_000),
  rope_scaling: v.nullish(RotaryRecord),
  /** By layer type, in newer files. */
  rope_parameters: v.nullish(
    v.strictObject({ full_attention: v.nullish(RotaryRecord), sliding_attention: v.nullish(RotaryRecord) }),
  ),
});
type Gemma3 = v.InferOutput<typeof Gemma3>;

/** Defaults of Transformers' Gemma3TextConfig. The files of the 4B model leave out many fields. */
const DEFAULTS = {
  vocab_size: 262_208,
  hidden_size: 2304,
  intermediate_size: 9216,
  num_hidden_layers: 26,
  num_attention_heads: 8,
  num_key_value_heads: 4,
  head_dim: 256,
  max_position_embeddings: 131_072,
  tie_word_embeddings: true,
};

const GLOBAL = 0;
const LOCAL = 1;

/**
 * The number of layers identifies Gemma 3 27B, as in llama.cpp: a GGUF file does not say how its attention scores are
 * scaled.
 */
const LAYERS_OF_GEMMA3_27B = 62;

/**
 * The text part of Gemma 3: norms of x ⊙ (1 + w) before and after both halves of a block and on the heads of q and k,
 * embeddings times √hidden_size, and for each global layer five local layers, which have a window and a rotary
 * embedding of their own.
 */
export const gemma3: Family = {
  name: 'gemma3',
  label: 'Gemma 3',
  architecture: 'Gemma3ForCausalLM',
  conditional: 'Gemma3ForConditionalGeneration',
  spec,
  gguf: {
    architecture: 'gemma3',
    modelType: 'gemma3_text',
    fields: ({ optional, hidden, heads, headDim, layers }) => ({
      hidden_activation: 'gelu_pytorch_tanh',
      query_pre_attn_scalar: layers === LAYERS_OF_GEMMA3_27B ? Math.floor(hidden / heads) : headDim,
      rope_theta: optional('rope.freq_base') ?? 1_000_000,
      rope_local_base_freq: optional('rope.freq_base_swa') ?? 10_000,
      sliding_window_pattern: optional('attention.sliding_window_pattern') ?? USUAL_PATTERN,
    }),
    computes: {
      windows: true,
      activation: 'gelu_pytorch_tanh',
      attentionScale: ({ hiddenSize, blocks }) => {
        const { heads, headDim } = attentionsOf(blocks)[0]!;
        return (
          1 / Math.sqrt(blocks.length === LAYERS_OF_GEMMA3_27B ? Math.floor(hiddenSize / heads) : headDim)
        );
      },
    },
    entries,
  },
};

/** llama.cpp knows one window, and that every n-th layer is global. */
function entries({ blocks, rotary }: ModelSpec): Readonly<Record<string, GgufEntry>> {
  const windows = attentionsOf(blocks).map(({ window }) => window);
  const local = windows.find((window) => window !== undefined);
  if (local === undefined) return {};
  const global = windows.indexOf(undefined);
  const pattern = global < 0 ? windows.length + 1 : global + 1;
  if (windows.some((window, layer) => (window === undefined) !== ((layer + 1) % pattern === 0))) {
    throw unrunnable(
      gemma3,
      'layer_types',
      windows.map((window) => window ?? null),
    );
  }
  const { theta, scaling } = rotary[LOCAL]!;
  if (scaling) throw unrunnable(gemma3, 'rope_parameters.sliding_attention', scaling.type);
  return {
    'attention.sliding_window': u32(local),
    ...(pattern !== USUAL_PATTERN && { 'attention.sliding_window_pattern': u32(pattern) }),
    'rope.freq_base_swa': f32(theta),
  };
}

function spec(config: unknown): ModelSpec {
  const own = parseConfig(Gemma3, config);
  const hidden_act = activationOf('hidden_activation', own.hidden_activation);
  const common = parseCommon({ ...own, hidden_act }, DEFAULTS);
  const types = layerTypes(common, (layer) =>
    (layer + 1) % own.sliding_window_pattern === 0 ? 'full_attention' : 'sliding_attention',
  );
  return plainSpec(common, {
    family: gemma3.name,
    qkvBias: common.attention_bias ?? false,
    outputBias: common.attention_bias ?? false,
    headNorms: true,
    outputNorms: true,
    normOffset: 1,
    embeddingScale: Math.sqrt(common.hidden_size),
    attentionScale: 1 / Math.sqrt(own.query_pre_attn_scalar),
    rotary: rotaryEmbeddings(own, common, sizesOf(common).headDim),
    attention: types.map((type) => ({
      ...windowOf(type, own.sliding_window),
      rotary: type === 'full_attention' ? GLOBAL : LOCAL,
    })),
  });
}

/**
 * The rotary embeddings of global and of local layers. `rope_scaling` and `rope_theta` apply to the global ones only.
 */
function rotaryEmbeddings(own: Gemma3, common: CommonConfig, headDim: number): readonly RotaryParameters[] {
  const { full_attention, sliding_attention } = own.rope_parameters ?? {};
  const local = { ...common, rope_theta: own.rope_local_base_freq };
  return [
    rotaryParameters('rope_parameters', { ...full_attention, ...own.rope_scaling }, common, {
      headDim,
      theta: 1_000_000,
    }),
    rotaryParameters('rope_parameters', { ...sliding_attention }, local, { headDim }),
  ];
}
