import type { DoubleQuantized } from '../formats/nf4';
import { NESTED_HEADER_WORDS } from './weight';

/** Where the offset lies, after the 256 values of the map. */
const OFFSET_WORD = 256;

/**
 * The words of `Nf4Weight.scales`, from the blocks' absmax or from what is left of them after double quantisation; the
 * weight's `doubleQuant` must say which.
 */
export function packNf4Scales(scales: Float32Array | DoubleQuantized): Uint32Array<ArrayBuffer> {
  if (scales instanceof Float32Array) return new Uint32Array(Float32Array.from(scales).buffer);
  const { absmax, nestedAbsmax, nestedQuantMap, offset } = scales;
  const codesWord = NESTED_HEADER_WORDS + nestedAbsmax.length;
  const words = new Uint32Array(nf4ScaleWords(absmax.length, true));
  const floats = new Float32Array(words.buffer);
  floats.set(nestedQuantMap);
  floats[OFFSET_WORD] = offset;
  floats.set(nestedAbsmax, NESTED_HEADER_WORDS);
  new Uint8Array(words.buffer).set(absmax, codesWord * 4);
  return words;
}

/** Words of `Nf4Weight.scales` for so many blocks of 64 elements. */
export function nf4ScaleWords(blocks: number, doubleQuant: boolean): number {
  return doubleQuant ? NESTED_HEADER_WORDS + Math.ceil(blocks / 256) + Math.ceil(blocks / 4) : blocks;
}
