import { TunesmithError } from '../core/errors';
import { ggmlReadable, type GgmlPacked } from '../formats/ggml/types';
import type { DenseFormat } from '../ops/weight';

/**
 * Throws `tensor_values` if a part of a tensor holds NaN or an infinity: every loss would be NaN, or a 4-bit block
 * would lose its scale. Both have all exponent bits set.
 *
 * @param name of the tensor
 * @param bytes whole elements
 */
export function requireFinite(name: string, format: DenseFormat, bytes: Uint8Array<ArrayBuffer>): void {
  const mask = format === 'f16' ? 0x7c00 : 0x7f80;
  // The upper half of an f32 suffices: it has the exponent.
  const [first, stride] = format === 'f32' ? [1, 2] : [0, 1];
  const { buffer, byteOffset, length } = bytes.byteOffset % 2 === 0 ? bytes : bytes.slice();
  const halves = new Uint16Array(buffer, byteOffset, length >> 1);
  for (let i = first; i < halves.length; i += stride) {
    if (((halves[i] ?? 0) & mask) === mask) throw notFinite(name);
  }
}

/**
 * The same check for blocks that run as a GGUF file stores them.
 *
 * @param bytes a part of the tensor, not necessarily whole blocks
 * @param offset of its first byte in the tensor, even
 */
export function requireFiniteBlocks(
  name: string,
  type: GgmlPacked,
  bytes: Uint8Array<ArrayBuffer>,
  offset: number,
): void {
  const { bytes: block, halves } = ggmlReadable(type);
  for (const place of halves) {
    for (let at = (place - (offset % block) + block) % block; at + 1 < bytes.length; at += block) {
      if (((bytes[at + 1] ?? 0) & 0x7c) === 0x7c) throw notFinite(name);
    }
  }
}

function notFinite(name: string): TunesmithError {
  return new TunesmithError({ code: 'tensor_values', values: { name, start: false } });
}
