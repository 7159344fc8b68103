import { fusedGatedActivation, type Activation } from '../../ops/gated_activation';
import type { Tensor } from '../../ops/op';
import type { CacheSpec, Layer, LayerScope, LinearSpec, VectorSpec } from './layer';

/** The names of a gated MLP's maps; a fused map gives both gate and values. */
export type GatedMlpNames =
  | { readonly gate: string; readonly up: string; readonly down: string }
  | { readonly gateUp: string; readonly down: string };

export interface GatedMlpSettings {
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly activation: Activation;
  readonly bias: boolean;
  readonly names: GatedMlpNames;
}

export const LLAMA_MLP: GatedMlpNames = { gate: 'gate_proj', up: 'up_proj', down: 'down_proj' };

/** down(act(gate x) ⊙ up x) (Shazeer 2020). */
export class GatedMlp implements Layer {
  readonly kind = 'gated_mlp';
  readonly path: string;
  readonly settings: GatedMlpSettings;

  constructor(settings: GatedMlpSettings, path = 'mlp') {
    this.settings = settings;
    this.path = path;
  }

  linears(): readonly LinearSpec[] {
    const { hiddenSize, intermediateSize, bias, names } = this.settings;
    const inward = (name: string, out: number): LinearSpec => ({ name, out, in: hiddenSize, bias });
    const inputs =
      'gateUp' in names
        ? [{ ...inward(names.gateUp, 2 * intermediateSize), gguf: 'ffn_up' }]
        : [
            { ...inward(names.gate, intermediateSize), gguf: 'ffn_gate' },
            { ...inward(names.up, intermediateSize), gguf: 'ffn_up' },
          ];
    return [...inputs, { name: names.down, gguf: 'ffn_down', out: hiddenSize, in: intermediateSize, bias }];
  }

  vectors(): readonly VectorSpec[] {
    return [];
  }

  caches(): readonly CacheSpec[] {
    return [];
  }

  forward(scope: LayerScope, x: Tensor, residual?: Tensor): Tensor {
    const { activation, names } = this.settings;
    const gated =
      'gateUp' in names
        ? fusedGatedActivation(scope.trace, { gateUp: scope.linear(names.gateUp, x) }, { activation })
        : scope.gated(x, { gate: names.gate, up: names.up }, activation);
    return scope.linear(names.down, gated, residual);
  }
}
