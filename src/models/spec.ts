import type { RotaryParameters } from './rotary_table';

export type Family = 'llama' | 'qwen2' | 'qwen3';

export type Activation = 'silu' | 'gelu' | 'gelu_pytorch_tanh';

/** Everything about a decoder that its arithmetic depends on; read from config.json by the family's file. */
export interface ModelSpec {
  readonly family: Family;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly intermediateSize: number;
  readonly vocabularySize: number;
  readonly maxPositions: number;
  readonly rmsNormEps: number;
  readonly activation: Activation;
  readonly rotary: RotaryParameters;
  /** Biases of q_proj, k_proj and v_proj. */
  readonly qkvBias: boolean;
  readonly outputBias: boolean;
  readonly mlpBias: boolean;
  /** RMS norms of the queries' and keys' heads (Qwen3). */
  readonly qkNorm: boolean;
  readonly tiedHead: boolean;
}

/** The linear maps of a block that an adapter may target, by PEFT's names. */
export const LINEAR_MODULES = [
  'q_proj',
  'k_proj',
  'v_proj',
  'o_proj',
  'gate_proj',
  'up_proj',
  'down_proj',
] as const;
export type LinearModule = (typeof LINEAR_MODULES)[number];

/** The module's path in the checkpoint: model.layers.3.self_attn.q_proj. */
export function modulePath(layer: number, module: LinearModule): string {
  const parent =
    module === 'gate_proj' || module === 'up_proj' || module === 'down_proj' ? 'mlp' : 'self_attn';
  return `model.layers.${layer}.${parent}.${module}`;
}

/** [out, in] of a block's linear map. */
export function linearShape(spec: ModelSpec, module: LinearModule): readonly [out: number, input: number] {
  const { hiddenSize, heads, kvHeads, headDim, intermediateSize } = spec;
  switch (module) {
    case 'q_proj':
      return [heads * headDim, hiddenSize];
    case 'k_proj':
    case 'v_proj':
      return [kvHeads * headDim, hiddenSize];
    case 'o_proj':
      return [hiddenSize, heads * headDim];
    case 'gate_proj':
    case 'up_proj':
      return [intermediateSize, hiddenSize];
    case 'down_proj':
      return [hiddenSize, intermediateSize];
  }
}

export function linearBias(spec: ModelSpec, module: LinearModule): boolean {
  switch (module) {
    case 'q_proj':
    case 'k_proj':
    case 'v_proj':
      return spec.qkvBias;
    case 'o_proj':
      return spec.outputBias;
    default:
      return spec.mlpBias;
  }
}

export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** 'linear' may be quantised; 'vector' is a norm's weight or a bias. */
  readonly kind: 'embedding' | 'linear' | 'vector' | 'head';
}

/** The checkpoint's tensors, in the order in which the forward pass needs them. */
export function checkpointTensors(spec: ModelSpec): readonly TensorSpec[] {
  const { hiddenSize, vocabularySize } = spec;
  const tensors: TensorSpec[] = [
    { name: 'model.embed_tokens.weight', shape: [vocabularySize, hiddenSize], kind: 'embedding' },
  ];
  const vector = (name: string, size: number): void => {
    tensors.push({ name, shape: [size], kind: 'vector' });
  };
  for (let layer = 0; layer < spec.layers; layer++) {
    const prefix = `model.layers.${layer}`;
    vector(`${prefix}.input_layernorm.weight`, hiddenSize);
    for (const module of LINEAR_MODULES) {
      const [out, input] = linearShape(spec, module);
      const path = modulePath(layer, module);
      tensors.push({ name: `${path}.weight`, shape: [out, input], kind: 'linear' });
      if (linearBias(spec, module)) vector(`${path}.bias`, out);
    }
    if (spec.qkNorm) {
      vector(`${prefix}.self_attn.q_norm.weight`, spec.headDim);
      vector(`${prefix}.self_attn.k_norm.weight`, spec.headDim);
    }
    vector(`${prefix}.post_attention_layernorm.weight`, hiddenSize);
  }
  vector('model.norm.weight', hiddenSize);
  if (!spec.tiedHead) {
    tensors.push({ name: 'lm_head.weight', shape: [vocabularySize, hiddenSize], kind: 'head' });
  }
  return tensors;
}

/** Parameters of the checkpoint; a tied head counts once. */
export function parameterCount(spec: ModelSpec): number {
  return checkpointTensors(spec).reduce(
    (sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1),
    0,
  );
}
