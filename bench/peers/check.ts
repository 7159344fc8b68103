// Checks that a peer computes the same block: comparing times of different computations would be meaningless.
import { blockArrays, randomArray, referenceOutput, type BlockArrays, type BlockResults } from './block';
import { referenceLogits } from './decoder';
import { BLOCK, DECODER, LINEARS, type BlockShape, type DecoderShape } from './shapes';

/** Small enough for float64 in JavaScript. */
export const SMALL_BLOCK: BlockShape = {
  ...BLOCK,
  tokens: 12,
  hidden: 32,
  heads: 4,
  kvHeads: 2,
  headDim: 8,
  mlp: 48,
  rank: 4,
  alpha: 8,
};

export const SMALL_DECODER: DecoderShape = {
  ...DECODER,
  blocks: 2,
  vocab: 64,
  tokens: 12,
  hidden: 64,
  heads: 4,
  kvHeads: 2,
  headDim: 16,
  mlp: 96,
};

const TOLERANCE = 1e-3;
const STEP = 1e-3;

/** The inner product of the output with the upstream gradient: its gradients are the block's. */
function loss(arrays: BlockArrays): number {
  return referenceOutput(arrays).reduce((sum, value, index) => sum + value * arrays.upstream[index]!, 0);
}

/** The same block with one of its arrays moved. */
function moved(arrays: BlockArrays, name: string, direction: Float32Array, step: number): BlockArrays {
  const along = (values: Float32Array): Float32Array<ArrayBuffer> =>
    values.map((value, index) => value + step * direction[index]!);
  if (name === 'x') return { ...arrays, x: along(arrays.x) };
  const linear = LINEARS.find((linear) => name.startsWith(`${linear}.`));
  if (linear === undefined) throw new Error(`a block has no ${name}`);
  const part = name.endsWith('.A') ? 'A' : 'B';
  const { [linear]: old } = arrays.linears;
  return { ...arrays, linears: { ...arrays.linears, [linear]: { ...old, [part]: along(old[part]) } } };
}

function dot(left: ArrayLike<number>, right: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < left.length; index++) sum += left[index]! * right[index]!;
  return sum;
}

const length = (values: ArrayLike<number>) => Math.sqrt(dot(values, values));

/**
 * Compares a peer's results of {@link SMALL_BLOCK} with the reference: the output element by element, and each
 * gradient's derivative along a random direction with central differences in float64.
 * @returns descriptions of the differences
 */
export function checkSmallBlock(results: BlockResults): string[] {
  const arrays = blockArrays(SMALL_BLOCK);
  const problems: string[] = [];
  const output = referenceOutput(arrays);
  for (const [name, values] of results) {
    if (name === 'y') {
      // Negated, so that NaN fails as well.
      if (!(length(output.map((value, index) => value - values[index]!)) <= TOLERANCE * length(output)))
        problems.push('the output differs from the reference');
      continue;
    }
    const direction = randomArray(`direction ${name}`, values.length, 1);
    const slope =
      (loss(moved(arrays, name, direction, STEP)) - loss(moved(arrays, name, direction, -STEP))) / (2 * STEP);
    if (!(Math.abs(dot(values, direction) - slope) <= TOLERANCE * length(values) * length(direction)))
      problems.push(`the gradient of ${name} differs from the reference`);
  }
  return problems;
}

/** Compares two results of the same block; returns descriptions of the differences. */
export function compareBlocks(left: BlockResults, right: BlockResults): string[] {
  return [...left].flatMap(([name, values]) => {
    const other = right.get(name);
    if (other?.length !== values.length) return [`${name} is of another size`];
    const distance = length(values.map((value, index) => value - other[index]!));
    return distance <= TOLERANCE * length(values) ? [] : [`${name} differs by ${distance / length(values)}`];
  });
}

/**
 * Compares the logits of {@link SMALL_DECODER}'s last token with the reference; returns descriptions of the
 * differences.
 */
export function checkSmallDecoder(logits: Float32Array): string[] {
  const reference = referenceLogits(SMALL_DECODER);
  const distance = length(reference.map((value, index) => value - (logits[index] ?? NaN)));
  return distance <= TOLERANCE * length(reference) ? [] : ['the logits differ from the reference'];
}
