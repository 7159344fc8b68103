import type { Trace } from '../graph/trace';
import { add } from '../ops/add';
import { embedding } from '../ops/embedding';
import { gatedActivation } from '../ops/gated_activation';
import type { Tensor } from '../ops/op';
import { addRmsNorm, rmsNorm } from '../ops/rms_norm';
import type { DenseWeight } from '../ops/weight';
import {
  adaptedGate,
  adaptedLinear,
  adaptedLinears,
  type AdaptedMap,
  type BoundAdapter,
} from './adapters/bound';
import type { Layer, LayerScope, PassRows } from './layers/layer';
import type { BoundWeights } from './layout';
import {
  blockPath,
  cacheSlot,
  embeddingName,
  headName,
  type Block,
  type ModelSpec,
  type NormName,
} from './spec';

export interface BlockInputs {
  readonly rows: PassRows;
  /** The caches by slot, if the rows are of kind 'cache'. */
  readonly caches?: ReadonlyMap<string, Tensor>;
}

export interface DecoderInputs extends BlockInputs {
  /** u32 [rows] */
  readonly tokens: Tensor;
  /** Changes the embeddings before the first block. */
  readonly embedded?: (hidden: Tensor) => Tensor;
}

/**
 * The forward pass of all families, which differ in their layers: tokens [rows] → hidden states after the last norm, f32
 * [rows, hidden]. Everything else about training and generating is derived from this.
 */
export function decoder(
  trace: Trace,
  spec: ModelSpec,
  weights: BoundWeights,
  adapter: BoundAdapter | undefined,
  { tokens, embedded = (hidden) => hidden, ...inputs }: DecoderInputs,
): Tensor {
  const table = denseWeight(weights, embeddingName(spec));
  const hidden = embedded(embedding(trace, { tokens, table }, { scale: spec.embeddingScale }));
  return lastNorm(trace, spec, weights, decoderBlocks(trace, spec, weights, adapter, hidden, inputs));
}

/** All blocks: hidden states [rows, hidden] → [rows, hidden], without the last norm. */
export function decoderBlocks(
  trace: Trace,
  spec: ModelSpec,
  weights: BoundWeights,
  adapter: BoundAdapter | undefined,
  embedded: Tensor,
  { rows, caches }: BlockInputs,
): Tensor {
  const eps = spec.rmsNormEps;
  const normWeight = (path: string, { name }: NormName): Tensor => weights.vector(`${path}.${name}.weight`);
  const normed = (path: string, name: NormName, x: Tensor): Tensor =>
    rmsNorm(trace, { x, weight: normWeight(path, name) }, { eps, groups: 1 });

  const scopeOf = (block: number, layer: Layer): LayerScope => {
    const biased = new Set(layer.linears().flatMap(({ name, bias }) => (bias ? [name] : [])));
    const path = `${blockPath(spec, block)}.${layer.path}`;
    const map = (name: string): AdaptedMap => ({
      weight: weights.weight(`${path}.${name}.weight`),
      bias: biased.has(name) ? weights.vector(`${path}.${name}.bias`) : undefined,
      adapter: adapter?.around(`${path}.${name}`),
    });
    const project = (name: string, x: Tensor, residual?: Tensor): Tensor =>
      adaptedLinear(trace, { x, ...map(name), residual });
    return {
      trace,
      rows,
      linear: project,
      linears: (x, names) =>
        rows.kind === 'cache'
          ? adaptedLinears(trace, x, mapRecord(names, map))
          : mapRecord(names, (name) => project(name, x)),
      gated(x, names, activation) {
        if (rows.kind === 'cache') return adaptedGate(trace, x, mapRecord(names, map), { activation });
        return gatedActivation(
          trace,
          mapRecord(names, (name) => project(name, x)),
          { activation },
        );
      },
      vector: (name) => weights.vector(`${path}.${name}`),
      rotary: (index) => weights.rotary(index),
      cache: (name) => {
        const cache = caches?.get(cacheSlot(block, layer, name));
        if (!cache) throw new Error(`${path} has no cache ${name}`);
        return cache;
      },
    };
  };

  const through = (residuals: Block, block: number, hidden: Tensor): Tensor => {
    const path = blockPath(spec, block);
    let sum = hidden;
    let delta: Tensor | undefined;
    for (const [index, { norm, layer, outputNorm }] of residuals.entries()) {
      let x: Tensor;
      if (delta)
        ({ y: x, sum } = addRmsNorm(trace, { x: sum, delta, weight: normWeight(path, norm) }, { eps }));
      else x = normed(path, norm, sum);
      const scope = scopeOf(block, layer);
      const last = index === residuals.length - 1;
      // The last map of a block also adds the residual, unless a norm follows it.
      if (last && !outputNorm) return layer.forward(scope, x, sum);
      const y = layer.forward(scope, x);
      delta = outputNorm ? normed(path, outputNorm, y) : y;
    }
    return delta ? add(trace, sum, delta) : sum;
  };

  let hidden = embedded;
  for (const [block, residuals] of spec.blocks.entries())
    hidden = trace.block(block, () => through(residuals, block, hidden));
  return hidden;
}

/** The norm between the last block and the head: [rows, hidden] → [rows, hidden]. */
export function lastNorm(
  trace: Trace,
  { root, finalNorm, rmsNormEps: eps }: ModelSpec,
  weights: BoundWeights,
  x: Tensor,
): Tensor {
  const weight = weights.vector(`${root}.${finalNorm.name}.weight`);
  return rmsNorm(trace, { x, weight }, { eps, groups: 1 });
}

function mapRecord<Key extends string, T>(
  names: Readonly<Record<Key, string>>,
  of: (name: string) => T,
): Record<Key, T> {
  const entries = Object.entries<string>(names).map(([key, name]) => [key, of(name)] as const);
  return Object.fromEntries(entries) as Record<Key, T>;
}

/** The head [vocabulary, hidden]; the embedding if they are tied. */
export function headWeight(spec: ModelSpec, weights: BoundWeights): DenseWeight {
  return denseWeight(weights, spec.tiedHead ? embeddingName(spec) : headName());
}

function denseWeight(weights: BoundWeights, name: string): DenseWeight {
  const weight = weights.weight(name);
  if (weight.kind !== 'dense') throw new Error(`${name} is not dense`);
  return weight;
}
