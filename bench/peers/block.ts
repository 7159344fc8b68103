// The block that all peers compute: its numbers, the same on every machine, and a plain reference in float64.
import { streamOf, uniform } from '../../src/core/random';
import { LINEARS, linearShapes, type BlockShape, type LinearName } from './shapes';

type Numbers = Float32Array<ArrayBuffer>;

export interface BlockArrays {
  readonly shape: BlockShape;
  /** [tokens, hidden]: the block's input, and the gradient of its output. */
  readonly x: Numbers;
  readonly upstream: Numbers;
  readonly inputNorm: Numbers;
  readonly postAttentionNorm: Numbers;
  /** [outputs, inputs], A [rank, inputs] and B [outputs, rank], as checkpoints keep them. */
  readonly linears: Readonly<
    Record<LinearName, { readonly weight: Numbers; readonly A: Numbers; readonly B: Numbers }>
  >;
  /**
   * [tokens, headDim / 2]: pair i of a head, elements i and i + headDim / 2, is rotated by t · theta^(-2i / headDim).
   */
  readonly cos: Numbers;
  readonly sin: Numbers;
}

/**
 * The results of a block: `y`, and the gradients of `x` and of `q_proj.A`, `q_proj.B` and so on, in the order of
 * LINEARS.
 */
export type BlockResults = ReadonlyMap<string, Numbers>;

/** A block that a peer has compiled. */
export interface RunningBlock {
  start(): void;
  results(): Promise<BlockResults>;
  dispose(): void;
}

export function randomArray(name: string, length: number, scale: number, offset = 0): Numbers {
  const stream = streamOf(name);
  const values = new Float32Array(length);
  for (let index = 0; index < length; index++)
    values[index] = offset + scale * (2 * uniform(1, stream, index) - 1);
  return values;
}

/** Weights about as large as a trained model's. B is not zero, so that no gradient vanishes. */
export function blockArrays(shape: BlockShape): BlockArrays {
  const { tokens, hidden, headDim, rank, ropeTheta } = shape;
  const shapes = linearShapes(shape);
  const linear = (name: LinearName) => {
    const [outputs, inputs] = shapes[name];
    return {
      weight: randomArray(`${name}.weight`, outputs * inputs, Math.sqrt(3 / inputs)),
      A: randomArray(`${name}.A`, rank * inputs, Math.sqrt(3 / inputs)),
      B: randomArray(`${name}.B`, outputs * rank, 0.1 / Math.sqrt(rank)),
    };
  };
  const half = headDim / 2;
  const angle = (index: number) => Math.floor(index / half) * ropeTheta ** (-(index % half) / half);
  return {
    shape,
    x: randomArray('x', tokens * hidden, 1),
    upstream: randomArray('upstream', tokens * hidden, 1),
    inputNorm: randomArray('inputNorm', hidden, 0.2, 1),
    postAttentionNorm: randomArray('postAttentionNorm', hidden, 0.2, 1),
    linears: {
      q_proj: linear('q_proj'),
      k_proj: linear('k_proj'),
      v_proj: linear('v_proj'),
      o_proj: linear('o_proj'),
      gate_proj: linear('gate_proj'),
      up_proj: linear('up_proj'),
      down_proj: linear('down_proj'),
    },
    cos: Float32Array.from({ length: tokens * half }, (_, index) => Math.cos(angle(index))),
    sin: Float32Array.from({ length: tokens * half }, (_, index) => Math.sin(angle(index))),
  };
}

/** The names of the results, as a peer returns them. */
export function resultNames(): string[] {
  return ['y', 'x', ...LINEARS.flatMap((name) => [`${name}.A`, `${name}.B`])];
}

/** `x` [rows, inputs] times the transpose of `weight` [outputs, inputs]. */
export function product(x: ArrayLike<number>, weight: ArrayLike<number>, inputs: number): Float64Array {
  const rows = x.length / inputs;
  const outputs = weight.length / inputs;
  const y = new Float64Array(rows * outputs);
  for (let row = 0; row < rows; row++) {
    for (let output = 0; output < outputs; output++) {
      let sum = 0;
      for (let i = 0; i < inputs; i++) sum += x[row * inputs + i]! * weight[output * inputs + i]!;
      y[row * outputs + output] = sum;
    }
  }
  return y;
}

export function norm(x: ArrayLike<number>, weight: ArrayLike<number>, eps: number): Float64Array {
  const width = weight.length;
  const y = new Float64Array(x.length);
  for (let row = 0; row < x.length; row += width) {
    let squares = 0;
    for (let i = 0; i < width; i++) squares += x[row + i]! ** 2;
    const scale = 1 / Math.sqrt(squares / width + eps);
    for (let i = 0; i < width; i++) y[row + i] = x[row + i]! * scale * weight[i]!;
  }
  return y;
}

/** The block's output in float64, by its definition. */
export function referenceOutput(arrays: BlockArrays): Float64Array {
  const { shape, x, cos, sin } = arrays;
  const { tokens, hidden, heads, kvHeads, headDim, rank, alpha, mlp, normEps } = shape;
  const linear = (name: LinearName, input: Float64Array, inputs: number) => {
    const { weight, A, B } = arrays.linears[name];
    const base = product(input, weight, inputs);
    if (rank === 0) return base;
    const adapted = product(product(input, A, inputs), B, rank);
    return base.map((value, index) => value + (alpha / rank) * adapted[index]!);
  };
  const rotate = (values: Float64Array, count: number) => {
    const half = headDim / 2;
    return values.map((value, index) => {
      const token = Math.floor(index / (count * headDim));
      const i = index % headDim;
      const angle = token * half + (i % half);
      return value * cos[angle]! + (i < half ? -values[index + half]! : values[index - half]!) * sin[angle]!;
    });
  };
  const input = norm(x, arrays.inputNorm, normEps);
  const q = rotate(linear('q_proj', input, hidden), heads);
  const k = rotate(linear('k_proj', input, hidden), kvHeads);
  const v = linear('v_proj', input, hidden);
  const mixed = new Float64Array(tokens * heads * headDim);
  for (let head = 0; head < heads; head++) {
    const kvHead = Math.floor((head * kvHeads) / heads);
    for (let t = 0; t < tokens; t++) {
      const at = (t * heads + head) * headDim;
      const scores = Array.from({ length: t + 1 }, (_, s) => {
        let sum = 0;
        for (let i = 0; i < headDim; i++) sum += q[at + i]! * k[(s * kvHeads + kvHead) * headDim + i]!;
        return sum / Math.sqrt(headDim);
      });
      const largest = Math.max(...scores);
      const weights = scores.map((score) => Math.exp(score - largest));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      for (let s = 0; s <= t; s++) {
        const weight = weights[s]! / total;
        for (let i = 0; i < headDim; i++) mixed[at + i]! += weight * v[(s * kvHeads + kvHead) * headDim + i]!;
      }
    }
  }
  const attended = linear('o_proj', mixed, heads * headDim).map((value, index) => value + x[index]!);
  const second = norm(attended, arrays.postAttentionNorm, normEps);
  const gate = linear('gate_proj', second, hidden);
  const up = linear('up_proj', second, hidden);
  const gated = gate.map((value, index) => (value / (1 + Math.exp(-value))) * up[index]!);
  return linear('down_proj', gated, mlp).map((value, index) => value + attended[index]!);
}
