import { requireNeutral, unsupported, type CommonConfig } from './common';

/** Published Qwen checkpoints name a sliding window and do not use it; refuses those that do. */
export function requireFullAttention(config: CommonConfig): void {
  requireNeutral(config, 'use_sliding_window', false);
  const types = config['layer_types'];
  if (Array.isArray(types) && types.some((type) => type !== 'full_attention'))
    throw unsupported('layer_types', types);
}
