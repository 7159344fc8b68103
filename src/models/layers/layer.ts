import type { Activation } from '../../ops/gated_activation';
import type { Builder, Tensor } from '../../ops/op';
import type { RotaryParameters } from '../rotary_table';

/**
 * A linear map y = x Wᵀ + bias of a layer, which can have an adapter. Its weight is `<name>.weight`, f32 [out, in]
 * before it is quantised, its bias `<name>.bias`.
 */
export interface LinearSpec {
  /** Its name in PEFT's `target_modules`: q_proj. */
  readonly name: string;
  readonly out: number;
  readonly in: number;
  readonly bias: boolean;
  /** Its name within a block of a GGUF file. */
  readonly gguf?: string;
  /** GGUF files interleave the two halves of the rows of this many heads. */
  readonly ggufHeads?: number;
}

/** A small tensor of a layer, kept in f32. */
export interface VectorSpec {
  /** Its name within the layer: q_norm.weight. */
  readonly name: string;
  readonly shape: readonly number[];
  /** The weight of an RMS norm. */
  readonly norm?: true;
  /** Its name within a block of a GGUF file. */
  readonly gguf?: string;
}

/** A buffer in which a layer keeps values for later tokens of a sequence, f32 [rows, columns]. */
export interface CacheSpec {
  readonly name: string;
  readonly columns: number;
  /**
   * One row for each token of the sequence; or a ring of rows for the last tokens, from which the layer reads the
   * `history` rows before a pass.
   */
  readonly rows: 'tokens' | { readonly ring: number; readonly history: number };
}

/** The rows of a pass: packed examples, or the rows after those that the caches hold. */
export type PassRows =
  | {
      readonly kind: 'segments';
      /** u32 [rows, 2]: first row and end of the example that each row belongs to. */
      readonly segments: Tensor;
      /** u32 [rows], within each example. */
      readonly positions: Tensor;
    }
  | { readonly kind: 'cache' };

/** The tools of a layer's forward pass. Names are those within the layer. */
export interface LayerScope {
  readonly trace: Builder;
  readonly rows: PassRows;
  /** y of one of the layer's linear maps including its adapter, plus `residual` if given. f32 [rows, out] */
  linear(name: string, x: Tensor, residual?: Tensor): Tensor;
  /** y of several of them; one op in decoding. */
  linears<Key extends string>(x: Tensor, names: Readonly<Record<Key, string>>): Readonly<Record<Key, Tensor>>;
  /** act(gate x) ⊙ up x of two of them; one op in decoding. */
  gated(x: Tensor, names: Readonly<Record<'gate' | 'up', string>>, activation: Activation): Tensor;
  vector(name: string): Tensor;
  /** One of the model's rotary embeddings, with its table, f32 [positions, dim]. */
  rotary(index: number): RotaryParameters & { readonly table: Tensor };
  /** One of the layer's caches; only for rows of kind 'cache'. */
  cache(name: string): Tensor;
}

/**
 * A kind of layer: x [rows, hidden] → [rows, hidden]. An instance is plain data beside its methods. Loading, planning,
 * training, generation and export use only these methods, and no layer's name.
 */
export interface Layer {
  /** The kind's name: attention. */
  readonly kind: string;
  /** The module's path within its block, in Transformers: self_attn. */
  readonly path: string;
  /** In the order of the forward pass. */
  linears(): readonly LinearSpec[];
  vectors(): readonly VectorSpec[];
  caches(): readonly CacheSpec[];
  /** @param residual the layer's last map adds it to its result */
  forward(scope: LayerScope, x: Tensor, residual?: Tensor): Tensor;
}
