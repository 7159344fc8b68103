import type { LinearModule } from '../core/linear_modules';
import type { Activation } from '../ops/gated_activation';
import type { RotaryParameters } from './rotary_table';

export type Family = 'llama' | 'mistral' | 'qwen2' | 'qwen3' | 'smollm3' | 'gemma3' | 'ernie4_5' | 'glm';

/** How the attention of one layer differs from that of others. */
export interface LayerAttention {
  /** Keys that a token sees at most, itself included; all unless given. */
  readonly window?: number;
  /** Which of the spec's rotary embeddings turns its queries and keys; none unless given. */
  readonly rotary?: number;
}

/**
 * Everything about a decoder that its arithmetic depends on; read from config.json by the family's file. It is plain
 * JSON.
 */
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
  /** The linear maps of a block, in the order of the forward pass. */
  readonly modules: readonly LinearModule[];
  /** Biases of q_proj, k_proj and v_proj. */
  readonly qkvBias: boolean;
  readonly outputBias: boolean;
  readonly mlpBias: boolean;
  /** RMS norms of the queries' and keys' heads. */
  readonly qkNorm: boolean;
  /** RMS norms of what attention and the MLP give, before it is added to the residual stream (Gemma). */
  readonly outputNorms: boolean;
  /** What is added to the weights of all norms as they are stored: 1 where x ⊙ (1 + w) is meant (Gemma). */
  readonly normOffset: 0 | 1;
  /** Factor of the looked-up embeddings. */
  readonly embeddingScale: number;
  /** Factor of the attention's scores. */
  readonly attentionScale: number;
  /** The rotary embeddings in use: one, or those of global and of local layers, or none. */
  readonly rotary: readonly RotaryParameters[];
  /** One entry a layer. */
  readonly attention: readonly LayerAttention[];
  readonly tiedHead: boolean;
}

/** The module's path in the checkpoint: model.layers.3.self_attn.q_proj. */
export function modulePath(layer: number, module: LinearModule): string {
  const parent = ['q_proj', 'k_proj', 'v_proj', 'o_proj'].includes(module) ? 'self_attn' : 'mlp';
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
    case 'gate_up_proj':
      return [2 * intermediateSize, hiddenSize];
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

/** One linear map of the blocks. */
export interface LinearMapSpec {
  /** The module's path in the checkpoint. */
  readonly path: string;
  readonly out: number;
  readonly in: number;
}

/** The linear maps of all blocks, in the order of the forward pass: what an adapter may stand around. */
export function linearMaps(spec: ModelSpec): readonly LinearMapSpec[] {
  return Array.from({ length: spec.layers }, (_, layer) =>
    spec.modules.map((module) => {
      const [out, input] = linearShape(spec, module);
      return { path: modulePath(layer, module), out, in: input };
    }),
  ).flat();
}

export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** 'linear' may be quantised; 'vector' is a norm's weight or a bias. */
  readonly kind: 'embedding' | 'linear' | 'vector' | 'head';
  /** To be added to the stored values: a norm's weight w that stands for 1 + w. */
  readonly add?: 1;
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
  const norm = (path: string, size: number): void => {
    const name = `${path}.weight`;
    tensors.push({ name, shape: [size], kind: 'vector', ...(spec.normOffset === 1 && { add: 1 }) });
  };
  for (let layer = 0; layer < spec.layers; layer++) {
    const prefix = `model.layers.${layer}`;
    norm(`${prefix}.input_layernorm`, hiddenSize);
    for (const module of spec.modules) {
      const [out, input] = linearShape(spec, module);
      const path = modulePath(layer, module);
      tensors.push({ name: `${path}.weight`, shape: [out, input], kind: 'linear' });
      if (linearBias(spec, module)) vector(`${path}.bias`, out);
    }
    if (spec.qkNorm) {
      norm(`${prefix}.self_attn.q_norm`, spec.headDim);
      norm(`${prefix}.self_attn.k_norm`, spec.headDim);
    }
    norm(`${prefix}.post_attention_layernorm`, hiddenSize);
    if (spec.outputNorms) {
      norm(`${prefix}.pre_feedforward_layernorm`, hiddenSize);
      norm(`${prefix}.post_feedforward_layernorm`, hiddenSize);
    }
  }
  norm('model.norm', hiddenSize);
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

/** Those of the transformer blocks: what a token is multiplied with before the head. */
export function blockParameters(spec: ModelSpec): number {
  const { vocabularySize, hiddenSize, tiedHead } = spec;
  return parameterCount(spec) - (tiedHead ? 1 : 2) * vocabularySize * hiddenSize;
}
