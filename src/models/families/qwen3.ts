import * as v from 'valibot';
import type { ModelSpec } from '../spec';
import { parseCommon, parseConfig, sharedSpec } from './common';
import { requireFullAttention } from './window';

const Qwen3 = v.looseObject({ attention_bias: v.nullish(v.boolean()) });

/** Qwen3 (Qwen3ForCausalLM): norms on the heads of q and k, and a head_dim of its own (128 unless given). */
export function qwen3Spec(config: unknown): ModelSpec {
  const common = parseCommon(config);
  const { attention_bias } = parseConfig(Qwen3, config);
  requireFullAttention(common);
  return {
    ...sharedSpec(common, { headDim: 128 }),
    family: 'qwen3',
    qkvBias: attention_bias ?? false,
    outputBias: attention_bias ?? false,
    mlpBias: false,
    qkNorm: true,
  };
}
