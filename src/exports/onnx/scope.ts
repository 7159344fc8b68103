import type { Node, Tensor, Tensors } from '../../ops/op';
import type { Weight } from '../../ops/weight';
import type { FormScope } from './forms/form';

/**
 * The tools with which an op of the engine's forward pass becomes ops of a graph. Values of a graph are names;
 * activations are [rows, columns], as in the engine.
 */
export interface OnnxScope extends FormScope {
  /** The transformer block of the op. */
  readonly block: number;
  /** The value of a tensor. Adds the op that makes it, or the weight that it is bound to, first. */
  readonly value: (tensor: Tensor) => string;
  /** The op that makes a tensor. */
  readonly producer: (tensor: Tensor) => Node | undefined;
  /** y = x Wᵀ + bias, in the form of the graph's linear maps. */
  readonly product: (x: string, weight: Weight, bias?: string) => string;
  /** The logits of hidden states, in the form of the graph's head. */
  readonly head: (hidden: string, weight: Weight) => string;
  /** The embeddings of tokens. */
  readonly lookUp: (tokens: string, table: Weight) => string;
  /** A weight whose values are computed when it is written. */
  readonly vector: (name: string, shape: readonly number[], values: () => Promise<Float32Array>) => string;
  /** The values of a tensor that is bound to a vector, or to a part of the adapter. */
  readonly valuesOf: (tensor: Tensor) => Promise<Float32Array>;
  /** A factor of activations. */
  readonly factor: (value: number) => string;
  /** The cosines and sines of a rotary table, [positions, dim / 2] each. */
  readonly rotary: (table: Tensor) => { readonly cos: string; readonly sin: string };
  /** [batch, sequence, columns] from [rows, columns]. */
  readonly inSequences: (x: string) => string;
  /** [rows, columns] from [batch, sequence, columns]. */
  readonly inRows: (x: string, columns: number) => string;
  readonly run: RunValues;
}

/** Values of a run that several ops use. */
export interface RunValues {
  /** int64 [rows] */
  readonly tokens: string;
  /** int32 [batch]: the place of the last key of each sequence. */
  readonly lastKeys: () => string;
  /** int32: keys of the longest sequence, including those in the caches. */
  readonly totalLength: () => string;
  /** int64 [3]: the shape [batch, sequence, columns] for a reshape. */
  readonly sequences: () => string;
  /** int64 [1]: the position of the first token. */
  readonly past: () => string;
}

/** How one op of the engine becomes ops of a graph. The types of inputs and attributes follow from its name. */
export interface Lowering<I extends Tensors = Tensors, A = unknown> {
  /** The op's name. */
  readonly op: string;
  /** Returns the values of the op's outputs, by their names in the engine. */
  lower(
    node: { readonly inputs: I; readonly attributes: A },
    scope: OnnxScope,
  ): Readonly<Record<string, string>>;
}
