import type { Family, ModelSpec } from '../spec';

/** The families that llama.cpp knows by an architecture of the same arithmetic. */
const FAMILIES: readonly Family[] = ['llama', 'mistral', 'qwen2', 'qwen3', 'smollm3', 'gemma3', 'ernie4_5'];

export function hasGguf(family: Family): boolean {
  return FAMILIES.includes(family);
}

const OUTER: Readonly<Record<string, string>> = {
  'model.embed_tokens': 'token_embd',
  'model.norm': 'output_norm',
  lm_head: 'output',
};

const INNER: Readonly<Record<string, string>> = {
  input_layernorm: 'attn_norm',
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.o_proj': 'attn_output',
  'self_attn.q_norm': 'attn_q_norm',
  'self_attn.k_norm': 'attn_k_norm',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
};

/** The norm before the MLP has a name of its own where another follows the attention. */
const NORMS: Readonly<Record<'one' | 'two', Readonly<Record<string, string>>>> = {
  one: { post_attention_layernorm: 'ffn_norm' },
  two: {
    post_attention_layernorm: 'post_attention_norm',
    pre_feedforward_layernorm: 'ffn_norm',
    post_feedforward_layernorm: 'post_ffw_norm',
  },
};

/** The name in a GGUF file of a tensor that Transformers calls `name`. */
export function ggufName({ outputNorms }: ModelSpec, name: string): string {
  const [, path = '', suffix = ''] = /^(.*)\.(weight|bias)$/.exec(name) ?? [];
  const [, layer, module = ''] = /^model\.layers\.(\d+)\.(.*)$/.exec(path) ?? [];
  const inner = INNER[module] ?? NORMS[outputNorms ? 'two' : 'one'][module];
  const own = layer === undefined ? OUTER[path] : inner && `blk.${layer}.${inner}`;
  if (own === undefined) throw new Error(`${name} has no name in GGUF files`);
  return `${own}.${suffix}`;
}

/**
 * Heads of the rows that GGUF files have in another order; undefined where the order is the same. For these families the
 * two halves of each head of q_proj and k_proj are interleaved, since llama.cpp turns neighbours where Transformers turns
 * halves.
 */
export function permutedHeads({ family, heads, kvHeads }: ModelSpec, name: string): number | undefined {
  if (family !== 'llama' && family !== 'mistral' && family !== 'smollm3') return undefined;
  if (/\.q_proj\.(weight|bias)$/.test(name)) return heads;
  return /\.k_proj\.(weight|bias)$/.test(name) ? kvHeads : undefined;
}
