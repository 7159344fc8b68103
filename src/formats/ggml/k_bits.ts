/**
 * Small integers in the blocks of ggml's K formats, which have 256 elements in groups, each group with a small integer scale.
 * 32 bytes hold the codes of 2 bits of 128 elements, two bits of each byte for every 32 of them.
 */

/** The two-bit code of element i; the codes begin at bytes[at]. */
export function twoBits(bytes: Uint8Array, at: number, i: number): number {
  return ((bytes[at + (i >> 7) * 32 + (i & 31)] ?? 0) >> (2 * ((i >> 5) & 3))) & 3;
}

/**
 * Scale (shift 0) or minimum (shift 4) of a group: 6 bits of the 12 bytes at `at`. Groups 0 to 3 have theirs in the low bits
 * of bytes 0 to 3 (scales) and 4 to 7 (minima); groups 4 to 7 have the high two in the top bits of the same bytes, and the
 * low four in the low (scales) and high (minima) nibbles of bytes 8 to 11.
 */
export function sixBits(bytes: Uint8Array, at: number, group: number, shift: 0 | 4): number {
  const byte = bytes[at + shift + (group & 3)] ?? 0;
  if (group < 4) return byte & 63;
  return (((bytes[at + 8 + (group & 3)] ?? 0) >> shift) & 15) | ((byte >> 6) << 4);
}

/** The inverse of `sixBits`, for groups in ascending order; the bytes are 0 before. */
export function putSixBits(
  bytes: Uint8Array,
  at: number,
  group: number,
  scale: number,
  minimum: number,
): void {
  const place = at + (group & 3);
  if (group < 4) {
    bytes[place] = scale;
    bytes[place + 4] = minimum;
  } else {
    bytes[place]! |= (scale >> 4) << 6;
    bytes[place + 4]! |= (minimum >> 4) << 6;
    bytes[place + 8] = (scale & 15) | ((minimum & 15) << 4);
  }
}
