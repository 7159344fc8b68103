import { NEAREST } from '../../core/dtype';
import { checkpointTensors, type ModelSpec } from '../../models/spec';
import type { ComparedLogits } from '../format';
import type { WeightCheck } from './weights';

/**
 * The largest of many normally distributed values is about four times the typical one, and the largest logit need not
 * have the largest error.
 */
const SPREAD = 4;
/** Layers multiply results that both have errors: queries and keys, a gate and values. */
const FACTORS = 2;

/** The result of comparing logits; its fields are those of `ExportCheck`. */
export interface LogitsCheck {
  readonly difference: number;
  readonly allowed: number;
  readonly sameTokens: { readonly count: number; readonly of: number };
}

/**
 * The largest difference between logits if only the values of an adapter differ, each by a rounding to float32. Both sides
 * compute with the same weights, on the same device, in float32.
 */
export function adapterRounding({
  logits,
  spec,
}: {
  readonly logits: Float32Array;
  readonly spec: ModelSpec;
}): number {
  const maps = checkpointTensors(spec).filter(({ kind }) => kind === 'linear');
  const longest = Math.max(...maps.map(({ shape }) => shape[1] ?? 1));
  const each = (1 + Math.sqrt(longest)) * NEAREST.F32;
  const largest = logits.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return SPREAD * FACTORS * Math.sqrt(maps.length) * each * largest;
}

/** The largest difference between logits; NaN if one is NaN, or if their numbers differ. */
export function largestDifference({ ours, theirs }: ComparedLogits): number {
  const start = ours.length === theirs.length ? 0 : NaN;
  // Math.max keeps a NaN.
  return ours.reduce((most, value, i) => Math.max(most, Math.abs(value - (theirs[i] ?? NaN))), start);
}

/**
 * Compares logits. Independent errors of relative size u in a matrix change its output by about u in relative size, and
 * matrices one after the other add up the squares of their errors. Both sides also sum products in f32 in different
 * orders, which changes a sum over k of them by about √k · 2⁻²⁴.
 *
 * @param weights the errors of the matrices, as they were read back
 * @param rounding of the products of the program that ran the files; here they are computed in float32
 */
export function compareLogits(
  { ours, theirs }: ComparedLogits,
  {
    spec,
    weights,
    rounding = NEAREST.F32,
  }: { readonly spec: ModelSpec; readonly weights: WeightCheck; readonly rounding?: number },
): LogitsCheck {
  const matrices = checkpointTensors(spec).filter(({ kind }) => kind !== 'vector');
  const longest = Math.max(...matrices.map(({ shape }) => shape[1] ?? 1));
  const squares = weights.errors.reduce(
    (sum, error) => sum + (Math.max(rounding, error) + Math.sqrt(longest) * NEAREST.F32) ** 2,
    0,
  );
  const largest = ours.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return {
    difference: largestDifference({ ours, theirs }),
    allowed: SPREAD * FACTORS * Math.sqrt(squares) * largest,
    sameTokens: sameTokens({ ours, theirs }, spec.vocabularySize),
  };
}

/** Rows of logits whose largest value is at the same token. */
function sameTokens({ ours, theirs }: ComparedLogits, vocabulary: number): LogitsCheck['sameTokens'] {
  const of = ours.length / vocabulary;
  const likeliest = (logits: Float32Array, row: number): number => {
    const values = logits.subarray(row * vocabulary, (row + 1) * vocabulary);
    return values.indexOf(values.reduce((most, value) => Math.max(most, value), -Infinity));
  };
  const rows = Array.from({ length: of }, (_, row) => row);
  return { count: rows.filter((row) => likeliest(ours, row) === likeliest(theirs, row)).length, of };
}
