import { Attention, type AttentionSettings } from '../../../src/models/layers/attention';
import { GatedMlp, type GatedMlpSettings } from '../../../src/models/layers/gated_mlp';
import type { Layer } from '../../../src/models/layers/layer';
import type { ModelSpec } from '../../../src/models/spec';

const layersOf = ({ blocks }: ModelSpec): readonly Layer[] =>
  blocks.flatMap((residuals) => residuals.map(({ layer }) => layer));

/** The settings of a model's attention layers, in order. */
export function attentionsOf(spec: ModelSpec): readonly AttentionSettings[] {
  return layersOf(spec).flatMap((layer) => (layer instanceof Attention ? [layer.settings] : []));
}

export function mlpsOf(spec: ModelSpec): readonly GatedMlpSettings[] {
  return layersOf(spec).flatMap((layer) => (layer instanceof GatedMlp ? [layer.settings] : []));
}
