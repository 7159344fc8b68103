import type { ModelSpec } from '../spec';
import { parseCommon, sharedSpec } from './common';
import { requireFullAttention } from './window';

/** Qwen 1.5, 2 and 2.5 (Qwen2ForCausalLM): q, k and v have a bias, o has none. */
export function qwen2Spec(config: unknown): ModelSpec {
  const common = parseCommon(config);
  requireFullAttention(common);
  return {
    ...sharedSpec(common),
    family: 'qwen2',
    qkvBias: true,
    outputBias: false,
    mlpBias: false,
    qkNorm: false,
  };
}
