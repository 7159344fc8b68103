/**
 * The matrix products of training and of decoding, each in a few named algorithms.
 *
 *     forward      y  = x Wᵀ (+ bias) (+ scale · dropout(x) Aᵀ Bᵀ) (+ residual)
 *     transposed   dx = scale · dy W (+ dropout(dz A)) (+ so far)
 *     gradient     dW = scale · dyᵀ dropout(x)
 *
 * `products.ts` lists the algorithms of each product and asks `choose` (../choice.ts) for one of those that are available
 * where a product is lowered. To add one:
 *
 * 1. Write its kernel in shaders/, with what it does and why it is fast in the header, and a file here that exports one
 *    `ProductAlgorithm` a product. `available` says where it can run: by the device's features and limits, the packing,
 *    the sizes and the row count. `lower` writes out all dispatches of the request: for every part of a split weight
 *    (`denseParts` in dense_parts.ts also unpacks a packed one to float32 first; an algorithm may read it as it is
 *    instead) and for every window of token rows (`windowsOf` in row_windows.ts). `lora.z` is made before by a product of
 *    its own.
 * 2. Put it into a list of products.ts. The first that is available is the default for a device on which nothing was
 *    measured yet, so a place early in the list is a claim.
 *
 * The cases of the ops (tests/ops) then run once with every algorithm that a device has, and a kernel that none of them
 * reaches fails the suite. Results must be float32 sums in an order that depends only on sizes and settings.
 */
import type { Dispatch, Lowering, Tensor } from '../op';
import type { Weight, WeightPart } from '../weight';
import type { RowWindow } from './row_windows';

/** One way to carry out a product. */
export interface ProductAlgorithm<Request> {
  /** Kept with what was measured, so it names the same algorithm for good: 'registers', 'row', 'subgroup_matrix'. */
  readonly name: string;
  /** Whether it can carry out this request on a device with these limits. */
  available(lowering: Lowering, request: Request): boolean;
  /** All dispatches of the request, in order. */
  lower(lowering: Lowering, request: Request): Dispatch[];
}

/** The mask on a LoRA pair's input; see shaders/lib/dropout.wgsl. */
export interface Dropout {
  readonly p: number;
  readonly stream: number;
}

/** y[m, n] = Σ_k x[m, k] W[n, k] (+ bias[n]) (+ scale · Σ_j z[m, j] B[n, j]) (+ residual[m, n]) */
export interface ForwardRequest {
  /** f32 [rows, in]; [1, in] where there is one row whatever the number in use. */
  readonly x: Tensor;
  /** [out, in], dense or packed. */
  readonly weight: Weight;
  /** f32 [rows, out padded to a multiple of 4] */
  readonly y: Tensor;
  /** Some of the token rows; all of them where it is omitted. */
  readonly window?: RowWindow;
  /** y holds the window's rows only. */
  readonly scratch?: boolean;
  /** Masks x. Only products with narrow dense weights have it (z of a LoRA pair). */
  readonly dropout?: Dropout;
  /** f32 [out] */
  readonly bias?: Tensor;
  readonly lora?: ForwardLora;
  /** f32 [rows, out] */
  readonly residual?: Tensor;
}

/** A low-rank pair beside the weight; ranks are padded to multiples of 4. */
export interface ForwardLora {
  /** f32 [rank, in] */
  readonly A: Tensor;
  /** f32 [out, rank] */
  readonly B: Tensor;
  /** dropout(x) Aᵀ, f32 [rows, rank]: to be written as well, for the gradients want it. */
  readonly z: Tensor;
  readonly scale: number;
  readonly dropout?: Dropout;
}

/** dx[m, k] = scale · Σ_n dy[m, n] W[n, k] (+ dropout(Σ_j dz[m, j] A[j, k])) (+ so far[m, k]) */
export interface TransposedRequest {
  /** f32 [rows, out padded to a multiple of 4], zero beyond out. */
  readonly dy: Tensor;
  /** [out, in], dense or packed. */
  readonly weight: Weight;
  /** f32 [rows, in] */
  readonly dx: Tensor;
  /** Some of the token rows; all of them where it is omitted. */
  readonly window?: RowWindow;
  /** dy holds the window's rows only. */
  readonly scratch?: boolean;
  readonly scale?: number;
  /** dz f32 [rows, rank], made before and already times the adapter's scale; A f32 [rank, in]. */
  readonly lora?: { readonly dz: Tensor; readonly A: Tensor; readonly dropout?: Dropout };
  /** f32 [rows, in]: the gradient from x's other uses. */
  readonly soFar?: Tensor;
}

/** gradient[n, k] (+)= scale · Σ_m dy[m, n] dropout(x)[m, k] */
export interface GradientRequest {
  /** f32 [rows, out]; longer rows, padded to a multiple of 4, if `part` is given. */
  readonly dy: Tensor;
  /** The columns of dy that the gradient has as rows: a part of a weight, or all but the padding. All if absent. */
  readonly part?: Pick<WeightPart, 'firstRow' | 'rows'>;
  /** Some of the token rows. The gradient gets the sum of all windows; the one from the first row on sets it. */
  readonly window?: RowWindow;
  /** dy holds the window's rows only. */
  readonly scratch?: boolean;
  /** f32 [rows, in] */
  readonly x: Tensor;
  /** f32 [out, in], in the slot of the gradients; see Tape.parameterGradient. */
  readonly gradient: { readonly tensor: Tensor; readonly further: boolean };
  readonly scale?: number;
  readonly dropout?: Dropout;
}
