import * as v from 'valibot';
import { parseConfig, type CommonConfig, type LayerAttention } from './common';
import { size, unsupported } from './fields';

export type LayerType = 'full_attention' | 'sliding_attention';

const LayerTypes = v.looseObject({ layer_types: v.nullish(v.array(v.string())) });

/**
 * The type of every layer, from `layer_types` or else by the family's rule. Throws `config_unsupported` for unknown
 * types and for a list of the wrong length.
 */
export function layerTypes(config: CommonConfig, rule: (layer: number) => LayerType): readonly LayerType[] {
  const { layer_types } = parseConfig(LayerTypes, config);
  const { num_hidden_layers } = config;
  if (!layer_types) return Array.from({ length: num_hidden_layers }, (_, layer) => rule(layer));
  if (layer_types.length !== num_hidden_layers) throw unsupported('layer_types', layer_types);
  return layer_types.map((type) => {
    if (type !== 'full_attention' && type !== 'sliding_attention') throw unsupported('layer_types', type);
    return type;
  });
}

const SlidingWindow = v.looseObject({
  use_sliding_window: v.nullish(v.boolean()),
  sliding_window: v.nullish(size),
  max_window_layers: v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0))),
});

/** `sliding_window`, unless `use_sliding_window` disables it. */
export function usedWindow(config: CommonConfig): number | undefined {
  const { use_sliding_window, sliding_window } = parseConfig(SlidingWindow, config);
  return use_sliding_window ? (sliding_window ?? undefined) : undefined;
}

/** The layers of Qwen's models: layers from `max_window_layers` (default 28) on have the window. */
export function qwenLayers(config: CommonConfig): readonly LayerAttention[] {
  const { max_window_layers } = parseConfig(SlidingWindow, config);
  const window = usedWindow({ sliding_window: 4096, ...config });
  const first = max_window_layers ?? 28;
  const types = layerTypes(config, (layer) =>
    window !== undefined && layer >= first ? 'sliding_attention' : 'full_attention',
  );
  return types.map((type) => ({ ...windowOf(type, window), rotary: 0 }));
}

/** Throws `config_unsupported` if a layer needs a window and config.json gives none. */
export function windowOf(type: LayerType, window: number | undefined): LayerAttention {
  if (type === 'full_attention') return {};
  if (window === undefined) throw unsupported('layer_types', type);
  return { window };
}
