import { readFile } from 'node:fs/promises';
import { floatsOf } from '../../../src/core/dtype';
import { elementCount } from '../../../src/core/shape';
import { dequantizeGgml } from '../../../src/formats/ggml/rows';
import { isGgmlPacked } from '../../../src/formats/ggml/types';
import type { GgufTensor } from '../../../src/formats/gguf';
import { maxError } from '../../parity/fixtures';
import { divergence, deviation, largest, logProbabilities, relativeError } from '../logits';
import type { Figure } from '../report';
import type { Tuned } from '../tuned';
import { withLlama } from './llama';
import { headerOf, llamaRounding } from './rounding';

type Judgement = Required<Pick<Figure, 'difference' | 'allowed' | 'effect'>>;

/**
 * Compares llama.cpp’s probabilities with those of base and adapter, for files that hold floats.
 *
 * @param count of the first ids that are compared
 * @param lora an adapter’s file, to which `path` is the base
 */
export async function judgeFloats(
  { ids, vocabulary, logits, baseLogits }: Tuned,
  path: string,
  { count = ids.length, lora }: { readonly count?: number; readonly lora?: string } = {},
): Promise<Judgement> {
  const theirs = await withLlama(path, (model) => model.logProbabilities(ids.slice(0, count), { lora }));
  const rows = (values: Float64Array) => logProbabilities(values.subarray(0, count * vocabulary), vocabulary);
  return {
    difference: maxError(theirs, rows(logits)),
    allowed: llamaRounding(await headerOf(path), true) * largest(logits),
    effect: maxError(rows(baseLogits), rows(logits)),
  };
}

/** How far a quantised file is from base and adapter, in llama.cpp. */
export interface Divergence {
  /** Kullback-Leibler divergence in nats, the mean over the ids. */
  readonly divergence: number;
  /** The divergence that the error of the weights explains. */
  readonly explained: number;
}

/** The largest of many normally distributed values is about four times the typical one. */
const SPREAD = 4;

/**
 * A relative error u of all logits changes each by about u · σ, σ being their deviation, and a distribution whose logits
 * change by independent errors e diverges by about ½ · mean e². Errors of n matrices add up to √(Σ u²), as do those of
 * llama.cpp’s own products.
 *
 * @param floats the same model’s file with floats
 */
export async function judgeQuantised(
  { ids, vocabulary, logits }: Tuned,
  path: string,
  floats: string,
  count = ids.length,
): Promise<Divergence> {
  const theirs = await withLlama(path, (model) => model.logProbabilities(ids.slice(0, count)));
  const ours = logits.subarray(0, count * vocabulary);
  const errors = await weightErrors(path, floats);
  const header = await headerOf(path);
  const products = llamaRounding(header) / SPREAD;
  const error = Math.hypot(products, ...errors) * deviation(ours, vocabulary);
  return {
    divergence: divergence(logProbabilities(ours, vocabulary), theirs, vocabulary),
    explained: 0.5 * (SPREAD * error) ** 2,
  };
}

/** Enough values of a matrix to know its relative error by. */
const SAMPLE = 2 ** 16;

/** The relative error of each matrix of a GGUF file, compared with another one of the same model. */
export async function weightErrors(path: string, other: string): Promise<readonly number[]> {
  const [ours, theirs] = [await tensorsOf(path), await tensorsOf(other)];
  return [...ours]
    .filter(([, { shape }]) => shape.length > 1)
    .map(([name, { values }]) => {
      return relativeError(theirs.get(name)!.values(SAMPLE), values(SAMPLE));
    });
}

interface StoredTensor extends Pick<GgufTensor, 'type' | 'shape'> {
  readonly bytes: Uint8Array;
  /** Those of the first rows, at least `most` of them, or all. */
  readonly values: (most?: number) => Float32Array;
}

/** The tensors of a GGUF file by name. */
export async function tensorsOf(path: string): Promise<ReadonlyMap<string, StoredTensor>> {
  const file = new Uint8Array(await readFile(path));
  const { tensors } = await headerOf(path);
  return new Map(
    Array.from(tensors, ([name, { type, shape, begin, end }]) => {
      const bytes = file.slice(begin, end);
      const values = (most = Infinity): Float32Array => {
        const row = shape.at(-1) ?? 1;
        const rows = Math.min(elementCount(shape) / row, Math.ceil(most / row));
        const first = bytes.subarray(0, (bytes.length / elementCount(shape)) * row * rows);
        if (isGgmlPacked(type)) return dequantizeGgml(type, first);
        if (type === 'F32' || type === 'F16' || type === 'BF16') return floatsOf(type, first);
        throw new Error(`${name} has the type ${type}`);
      };
      return [name, { type, shape, bytes, values }];
    }),
  );
}
