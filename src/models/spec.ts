import { elementCount } from '../core/shape';
import type { CacheSpec, Layer, LinearSpec, VectorSpec } from './layers/layer';
import type { RotaryParameters } from './rotary_table';

/** A norm's module by its name in Transformers, and in GGUF files. */
export interface NormName {
  readonly name: string;
  readonly gguf?: string;
}

/** x + layer(norm(x)), or x + outputNorm(layer(norm(x))). */
export interface Residual {
  readonly norm: NormName;
  readonly layer: Layer;
  readonly outputNorm?: NormName;
}

/** One of a decoder's blocks, the unit of recomputation. */
export type Block = readonly Residual[];

/** The parts of a model for images and text beside its text part; they are neither loaded nor trained. */
export interface Towers {
  /** Prefixes of the names of their tensors and modules. */
  readonly prefixes: readonly string[];
  /** Prefixes that some checkpoints and adapters have, and those of the present version of Transformers. */
  readonly renamed: readonly (readonly [from: string, to: string])[];
}

/**
 * All properties that determine a decoder's arithmetic; the family's file reads them from config.json. It is plain JSON
 * except for the layers' methods.
 */
export interface ModelSpec {
  /** The `name` of one of the families. */
  readonly family: string;
  /** Path of the module with the embedding and the blocks, in Transformers. */
  readonly root: string;
  readonly hiddenSize: number;
  readonly vocabularySize: number;
  readonly maxPositions: number;
  readonly rmsNormEps: number;
  /** Added to the stored weights of all norms: 1 for norms that compute x ⊙ (1 + w) (Gemma). */
  readonly normOffset: 0 | 1;
  /** Factor of the looked-up embeddings. */
  readonly embeddingScale: number;
  /** The rotary embeddings: one, or those of global and of local layers, or none. */
  readonly rotary: readonly RotaryParameters[];
  readonly blocks: readonly Block[];
  readonly finalNorm: NormName;
  readonly tiedHead: boolean;
  readonly towers?: Towers;
}

/** Takes a map by names of tensors or modules. Returns it with the spec's names and without the towers. */
export function withoutTowers<T>(
  { towers }: ModelSpec,
  named: ReadonlyMap<string, T>,
): ReadonlyMap<string, T> {
  if (!towers) return named;
  const { prefixes, renamed } = towers;
  const own = new Map<string, T>();
  for (const [name, value] of named) {
    const [from, to] = renamed.find(([start]) => name.startsWith(start)) ?? ['', ''];
    const current = to + name.slice(from.length);
    if (!prefixes.some((start) => current.startsWith(start))) own.set(current, value);
  }
  return own;
}

/**
 * Gives tensors the names that they have in the model with its head. A checkpoint of the bare model (`AutoModel`) lacks
 * the first part of the path, which Transformers calls `base_model_prefix` and adds to all names of such a checkpoint.
 */
export function withPrefix<T>(spec: ModelSpec, named: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  const [prefix = ''] = spec.root.split('.');
  const embedding = embeddingName(spec);
  if (named.has(embedding) || !named.has(embedding.slice(prefix.length + 1))) return named;
  return new Map(
    Array.from(named, ([name, value]) => [name === headName() ? name : `${prefix}.${name}`, value]),
  );
}

export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** 'linear' may be quantised; 'vector' is small and kept in f32: a norm's weight, a bias. */
  readonly kind: 'embedding' | 'linear' | 'vector' | 'head';
  /** Added to the stored values: a norm's weight w means 1 + w. */
  readonly add?: 1;
  /** Its name in GGUF files; absent for layers that GGUF does not support. */
  readonly gguf?: string;
  /** GGUF files interleave the two halves of the rows of this many heads. */
  readonly ggufHeads?: number;
}

/** A linear map with its place in the model. */
export interface PlacedLinear extends LinearSpec {
  readonly block: number;
  /** The module's path: model.layers.3.self_attn.q_proj. */
  readonly path: string;
}

export const blockPath = ({ root }: ModelSpec, block: number): string => `${root}.layers.${block}`;
export const embeddingName = ({ root }: ModelSpec): string => `${root}.embed_tokens.weight`;
export const headName = (): string => 'lm_head.weight';

/** All linear maps of the blocks, in the order of the forward pass. */
export function linearMaps(spec: ModelSpec): readonly PlacedLinear[] {
  return spec.blocks.flatMap((residuals, block) =>
    residuals.flatMap(({ layer }) =>
      layer.linears().map((linear) => {
        const path = `${blockPath(spec, block)}.${layer.path}.${linear.name}`;
        return { ...linear, block, path };
      }),
    ),
  );
}

/** The allowed names of `target_modules`, in the order of the forward pass: q_proj, k_proj, … */
export function linearNames(spec: ModelSpec): readonly string[] {
  return [...new Set(linearMaps(spec).map(({ name }) => name))];
}

/** A cache with its place in the model. */
export interface PlacedCache extends CacheSpec {
  readonly slot: string;
}

/** The caches of all layers. */
export function cacheSpecs(spec: ModelSpec): readonly PlacedCache[] {
  return spec.blocks.flatMap((residuals, block) =>
    residuals.flatMap(({ layer }) =>
      layer.caches().map((cache) => ({ ...cache, slot: cacheSlot(block, layer, cache.name) })),
    ),
  );
}

export function cacheSlot(block: number, { path }: Layer, name: string): string {
  return `cache.${block}.${path}.${name}`;
}

/** The checkpoint's tensors, roughly in the order of the forward pass. */
export function checkpointTensors(spec: ModelSpec): readonly TensorSpec[] {
  const { root, hiddenSize, vocabularySize, normOffset, tiedHead } = spec;
  const matrix = [vocabularySize, hiddenSize];
  const add = normOffset === 1 ? ({ add: 1 } as const) : {};
  const norm = (path: string, { name, gguf }: NormName, ggufPath: string): TensorSpec => ({
    ...{ name: `${path}.${name}.weight`, shape: [hiddenSize], kind: 'vector', ...add },
    ...(gguf !== undefined && { gguf: `${ggufPath}${gguf}.weight` }),
  });
  const ofLayer = (layer: Layer, path: string, ggufPath: string): TensorSpec[] => [
    ...layer.linears().flatMap((linear) => linearTensors(linear, path, ggufPath)),
    ...layer.vectors().map(({ name, shape, norm: isNorm, gguf }: VectorSpec): TensorSpec => ({
      ...{ name: `${path}.${name}`, shape, kind: 'vector' },
      ...(isNorm && add),
      ...(gguf !== undefined && { gguf: `${ggufPath}${gguf}` }),
    })),
  ];
  const ofBlock = (residuals: Block, block: number): TensorSpec[] => {
    const path = blockPath(spec, block);
    const ggufPath = `blk.${block}.`;
    return residuals.flatMap(({ norm: before, layer, outputNorm }) => [
      norm(path, before, ggufPath),
      ...ofLayer(layer, `${path}.${layer.path}`, ggufPath),
      ...(outputNorm ? [norm(path, outputNorm, ggufPath)] : []),
    ]);
  };
  return [
    { name: embeddingName(spec), shape: matrix, kind: 'embedding', gguf: 'token_embd.weight' },
    ...spec.blocks.flatMap(ofBlock),
    norm(root, spec.finalNorm, ''),
    ...(tiedHead
      ? []
      : [{ name: headName(), shape: matrix, kind: 'head', gguf: 'output.weight' } satisfies TensorSpec]),
  ];
}

function linearTensors(
  { name, out, in: input, bias, gguf, ggufHeads }: LinearSpec,
  path: string,
  ggufPath: string,
): TensorSpec[] {
  const tensor = (
    part: 'weight' | 'bias',
    shape: readonly number[],
    kind: TensorSpec['kind'],
  ): TensorSpec => ({
    ...{ name: `${path}.${name}.${part}`, shape, kind },
    ...(gguf !== undefined && { gguf: `${ggufPath}${gguf}.${part}` }),
    ...(ggufHeads !== undefined && { ggufHeads }),
  });
  return [tensor('weight', [out, input], 'linear'), ...(bias ? [tensor('bias', [out], 'vector')] : [])];
}

/** Number of parameters of the checkpoint; a tied head counts once. */
export function parameterCount(spec: ModelSpec): number {
  return checkpointTensors(spec).reduce((sum, { shape }) => sum + elementCount(shape), 0);
}

/** Number of parameters of the transformer blocks, which each token is multiplied with before the head. */
export function blockParameters(spec: ModelSpec): number {
  const { vocabularySize, hiddenSize, tiedHead } = spec;
  return parameterCount(spec) - (tiedHead ? 1 : 2) * vocabularySize * hiddenSize;
}
