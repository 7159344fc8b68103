// The decoder that all peers run: its numbers, and a plain reference in float64.
import { streamOf } from '../../src/core/random';
import { blockArrays, norm, product, referenceOutput, type BlockArrays } from './block';
import type { DecoderShape } from './shapes';

/** Random numbers from a generator that is fast enough for a whole embedding. */
function filled(name: string, length: number, scale: number): Float32Array<ArrayBuffer> {
  let state = streamOf(name);
  const values = new Float32Array(length);
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    values[index] = (scale * state) / 2 ** 31;
  }
  return values;
}

interface DecoderArrays {
  /** [vocab, hidden] */
  readonly embedding: Float32Array<ArrayBuffer>;
  /** [hidden, vocab] */
  readonly head: Float32Array<ArrayBuffer>;
  /** The weights of each of its blocks, without LoRA; its first norm is also the decoder's last. */
  readonly block: BlockArrays;
}

export function decoderArrays(shape: DecoderShape): DecoderArrays {
  const { vocab, hidden, tokens } = shape;
  return {
    embedding: filled('embedding', vocab * hidden, 1),
    head: filled('head', hidden * vocab, Math.sqrt(3 / hidden)),
    // One more token, so that angles exist for the token that is decoded after the others.
    block: blockArrays({ ...shape, tokens: tokens + 1, rank: 0, alpha: 0 }),
  };
}

/** A text of the decoder's length. */
export function decoderTokens({ tokens, vocab }: DecoderShape): number[] {
  return Array.from({ length: tokens }, (_, index) => (index * 7919) % vocab);
}

/** The logits after the last of the tokens, in float64. */
export function referenceLogits(shape: DecoderShape): Float64Array {
  const { tokens, hidden, vocab, blocks, normEps } = shape;
  const { embedding, head, block } = decoderArrays(shape);
  const x = new Float32Array(tokens * hidden);
  for (const [row, id] of decoderTokens(shape).entries())
    x.set(embedding.subarray(id * hidden, (id + 1) * hidden), row * hidden);
  for (let index = 0; index < blocks; index++)
    x.set(referenceOutput({ ...block, shape: { ...block.shape, tokens }, x }));
  const last = norm(x.subarray((tokens - 1) * hidden), block.inputNorm, normEps);
  const rows = head.map((_, index) => head[(index % hidden) * vocab + Math.floor(index / hidden)]!);
  return product(last, rows, hidden);
}
