/** A product of [rows, inputs] and [inputs, outputs]. */
export interface MatmulShape {
  readonly rows: number;
  readonly inputs: number;
  readonly outputs: number;
}

/** A block of the Llama family: RMSNorm, rotary, grouped queries, SwiGLU, with LoRA on its seven linears. */
export interface BlockShape {
  readonly tokens: number;
  readonly hidden: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly mlp: number;
  readonly rank: number;
  readonly alpha: number;
  readonly ropeTheta: number;
  readonly normEps: number;
}

/** A decoder of such blocks without LoRA. */
export interface DecoderShape extends Omit<BlockShape, 'tokens' | 'rank' | 'alpha'> {
  readonly blocks: number;
  readonly vocab: number;
  /** Tokens of the forward pass, and of the cache when a token is decoded. */
  readonly tokens: number;
}

/** The block of SmolLM2-135M. */
export const BLOCK: BlockShape = {
  tokens: 256,
  hidden: 576,
  heads: 9,
  kvHeads: 3,
  headDim: 64,
  mlp: 1536,
  rank: 16,
  alpha: 32,
  ropeTheta: 100_000,
  normEps: 1e-5,
};

/**
 * Two of SmolLM2-135M's thirty blocks with its whole head for the last token: small enough for seconds on a software
 * adapter.
 */
export const DECODER: DecoderShape = {
  blocks: 2,
  vocab: 49_152,
  tokens: 256,
  hidden: BLOCK.hidden,
  heads: BLOCK.heads,
  kvHeads: BLOCK.kvHeads,
  headDim: BLOCK.headDim,
  mlp: BLOCK.mlp,
  ropeTheta: BLOCK.ropeTheta,
  normEps: BLOCK.normEps,
};

/** A cubic product, and the gate projections of SmolLM2-135M, Qwen2.5-0.5B, Llama-3.2-1B and Qwen2.5-1.5B. */
export const MATMULS: readonly MatmulShape[] = [
  { rows: 512, inputs: 512, outputs: 512 },
  { rows: 256, inputs: 576, outputs: 1536 },
  { rows: 256, inputs: 896, outputs: 4864 },
  { rows: 256, inputs: 2048, outputs: 8192 },
  { rows: 256, inputs: 1536, outputs: 8960 },
];

/** The measurement's name: the same for Tunesmith and for every peer. */
export function matmulName({ rows, inputs, outputs }: MatmulShape): string {
  return `matmul ${rows}x${inputs}x${outputs}`;
}

export function blockName({ tokens, hidden }: BlockShape): string {
  return `block LoRA forward+backward ${tokens}x${hidden}`;
}

export function forwardName({ tokens, hidden, blocks }: DecoderShape): string {
  return `model forward ${blocks} blocks ${tokens}x${hidden}`;
}

export function decodingName({ tokens, hidden, blocks }: DecoderShape): string {
  return `decoding ${blocks} blocks ${hidden} after ${tokens}`;
}

/** Multiplications and additions of a product. */
export function matmulFlops({ rows, inputs, outputs }: MatmulShape): number {
  return 2 * rows * inputs * outputs;
}

/** The seven linears of a block by their names in a checkpoint, as [outputs, inputs]. */
export function linearShapes(shape: Omit<BlockShape, 'tokens' | 'rank' | 'alpha'>) {
  const { hidden, heads, kvHeads, headDim, mlp } = shape;
  return {
    q_proj: [heads * headDim, hidden],
    k_proj: [kvHeads * headDim, hidden],
    v_proj: [kvHeads * headDim, hidden],
    o_proj: [hidden, heads * headDim],
    gate_proj: [mlp, hidden],
    up_proj: [mlp, hidden],
    down_proj: [hidden, mlp],
  } as const satisfies Record<string, readonly [number, number]>;
}

export type LinearName = keyof ReturnType<typeof linearShapes>;
export const LINEARS = [
  'q_proj',
  'k_proj',
  'v_proj',
  'o_proj',
  'gate_proj',
  'up_proj',
  'down_proj',
] as const satisfies readonly LinearName[];

/**
 * Multiplications and additions of the products of a block, forward and backward: without gradients of frozen weights,
 * and with only the half of the attention's square below the diagonal.
 */
export function blockFlops(shape: BlockShape): number {
  const { tokens, heads, headDim, rank } = shape;
  let flops = 0;
  for (const [outputs, inputs] of Object.values(linearShapes(shape))) {
    flops += 4 * tokens * inputs * outputs + 6 * tokens * rank * (inputs + outputs);
  }
  return flops + 6 * heads * headDim * tokens * (tokens + 1);
}
