import type { DoubleQuantized } from '../formats/nf4';
import type { Nf4Packing } from './weight';

/** Words before nested_absmax in the scales of a double-quantised weight. */
const NESTED_HEADER_WORDS = 320;
/** Where the offset lies, after the 256 values of the map. */
const OFFSET_WORD = 256;

/**
 * The words of an NF4 weight's scales (packings/nf4.ts has their layout), from the blocks' absmax or from their
 * double-quantised form; the weight's `doubleQuant` must say which.
 */
export function packNf4Scales(scales: Float32Array | DoubleQuantized): Uint32Array<ArrayBuffer> {
  if (scales instanceof Float32Array) return new Uint32Array(Float32Array.from(scales).buffer);
  const { absmax, nestedAbsmax, nestedQuantMap, offset } = scales;
  const codesWord = NESTED_HEADER_WORDS + nestedAbsmax.length;
  const words = new Uint32Array(codesWord + Math.ceil(absmax.length / 4));
  const floats = new Float32Array(words.buffer);
  floats.set(nestedQuantMap);
  floats[OFFSET_WORD] = offset;
  floats.set(nestedAbsmax, NESTED_HEADER_WORDS);
  new Uint8Array(words.buffer).set(absmax, codesWord * 4);
  return words;
}

/** Words of an NF4 weight's scales, for so many blocks. */
export function nf4ScaleWords(
  blocks: number,
  { doubleQuant, nestedBlockSize }: Pick<Nf4Packing, 'doubleQuant' | 'nestedBlockSize'>,
): number {
  if (!doubleQuant) return blocks;
  return NESTED_HEADER_WORDS + Math.ceil(blocks / nestedBlockSize) + Math.ceil(blocks / 4);
}
