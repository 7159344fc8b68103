import * as v from 'valibot';
import { u32 } from '../../formats/gguf_writer';
import { Attention } from '../layers/attention';
import { GatedMlp } from '../layers/gated_mlp';
import { ShortConvolution } from '../layers/short_convolution';
import type { Block, ModelSpec } from '../spec';
import { parseCommon, parseConfig, sizesOf } from './common';
import type { Family } from './family';
import { layerCount, positive, size, unsupported } from './fields';
import { rotaryOf } from './rotary';

/** The schema with the defaults of Transformers' Lfm2Config. */
const Lfm2 = v.looseObject({
  hidden_size: v.optional(size, 2560),
  num_hidden_layers: v.optional(layerCount, 32),
  num_attention_heads: v.optional(size, 32),
  num_key_value_heads: v.optional(size, 8),
  vocab_size: v.optional(size, 65_536),
  max_position_embeddings: v.optional(size, 128_000),
  norm_eps: v.optional(positive, 1e-5),
  intermediate_size: v.optional(size, 12_288),
  /** An older name of intermediate_size. */
  block_ff_dim: v.optional(size),
  block_auto_adjust_ff_dim: v.optional(v.boolean(), true),
  block_ffn_dim_multiplier: v.optional(v.nullable(positive), 1),
  block_multiple_of: v.optional(size, 256),
  tie_word_embeddings: v.optional(v.boolean(), true),
  /** An older name of tie_word_embeddings. */
  tie_embedding: v.optional(v.boolean()),
  conv_L_cache: v.optional(v.pipe(size, v.maxValue(16)), 3),
  conv_bias: v.optional(v.boolean(), false),
  layer_types: v.nullish(v.array(v.string())),
  full_attn_idxs: v.nullish(v.array(v.number())),
});
type Lfm2 = v.InferOutput<typeof Lfm2>;

/**
 * LFM2 and LFM2.5, the dense models: most layers are gated short convolutions, the others attention with norms on the
 * heads of q and k.
 */
export const lfm2: Family = {
  name: 'lfm2',
  label: 'LFM2',
  architecture: 'Lfm2ForCausalLM',
  spec,
  gguf: {
    architecture: 'lfm2',
    modelType: 'lfm2',
    fields({ layers, needed, perLayer }) {
      const heads = perLayer('attention.head_count_kv');
      const [kvHeads] = heads.filter((count) => count > 0);
      return {
        num_key_value_heads: kvHeads,
        block_auto_adjust_ff_dim: false,
        norm_eps: needed('attention.layer_norm_rms_epsilon'),
        conv_L_cache: needed('shortconv.l_cache'),
        layer_types: Array.from({ length: layers }, (_, layer) =>
          heads[layer] === 0 ? 'conv' : 'full_attention',
        ),
      };
    },
    computes: { wholeWidth: true },
    entries: ({ blocks }) => {
      const layers = blocks.flatMap((residuals) => residuals.map(({ layer }) => layer));
      const convolution = layers.find((layer) => layer instanceof ShortConvolution);
      return { 'shortconv.l_cache': u32(convolution?.settings.kernel ?? 3) };
    },
  },
};

function spec(config: unknown): ModelSpec {
  const own = parseConfig(Lfm2, config);
  const common = parseCommon({
    ...own,
    rms_norm_eps: own.norm_eps,
    intermediate_size: mlpSize(own),
    tie_word_embeddings: own.tie_embedding ?? own.tie_word_embeddings,
    hidden_act: 'silu',
  });
  const sizes = sizesOf(common);
  const { hiddenSize, layers, heads, kvHeads, headDim, intermediateSize, rmsNormEps } = sizes;
  const attention = new Attention({
    ...{ hiddenSize, heads, kvHeads, headDim, scale: 1 / Math.sqrt(headDim), rotary: 0 },
    ...{ qkvBias: false, outputBias: false, headNormEps: rmsNormEps },
    names: { output: 'out_proj', queryNorm: 'q_layernorm', keyNorm: 'k_layernorm' },
  });
  const convolution = new ShortConvolution({ hiddenSize, kernel: own.conv_L_cache, bias: own.conv_bias });
  const mlp = new GatedMlp(
    {
      ...{ hiddenSize, intermediateSize, activation: 'silu', bias: false },
      names: { gate: 'w1', up: 'w3', down: 'w2' },
    },
    'feed_forward',
  );
  const isAttention = attentionLayers(own, layers);
  return {
    family: lfm2.name,
    root: 'model',
    hiddenSize,
    vocabularySize: common.vocab_size,
    maxPositions: common.max_position_embeddings,
    rmsNormEps,
    normOffset: 0,
    embeddingScale: 1,
    rotary: [rotaryOf(common, { headDim, theta: 1_000_000 })],
    blocks: isAttention.map((attends): Block => [
      { norm: { name: 'operator_norm', gguf: 'attn_norm' }, layer: attends ? attention : convolution },
      { norm: { name: 'ffn_norm', gguf: 'ffn_norm' }, layer: mlp },
    ]),
    finalNorm: { name: 'embedding_norm', gguf: 'token_embd_norm' },
    tiedHead: common.tie_word_embeddings,
  };
}

/** The MLP's size: two thirds of config.json's, times a factor and rounded up, unless config.json disables that. */
function mlpSize(own: Lfm2): number {
  const given = own.block_ff_dim ?? own.intermediate_size;
  if (!own.block_auto_adjust_ff_dim) return given;
  const reduced = Math.trunc((2 * given) / 3);
  const { block_ffn_dim_multiplier: factor, block_multiple_of: multiple } = own;
  if (factor === null) return reduced;
  return multiple * Math.ceil(Math.trunc(factor * reduced) / multiple);
}

function attentionLayers({ layer_types, full_attn_idxs }: Lfm2, layers: number): readonly boolean[] {
  if (!layer_types) {
    return Array.from({ length: layers }, (_, layer) => full_attn_idxs?.includes(layer) ?? true);
  }
  if (layer_types.length !== layers) throw unsupported('layer_types', layer_types);
  return layer_types.map((type) => {
    if (type !== 'full_attention' && type !== 'conv') throw unsupported('layer_types', type);
    return type === 'full_attention';
  });
}
