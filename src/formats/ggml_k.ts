import { half, signed, type UnpackBlock } from './ggml_block';

/**
 * ggml's "K" formats: blocks of 256 elements, divided into groups, each with a small integer scale.
 *
 *     Q2_K  16 bytes: group scale and minimum, 4 bits each; 64 of codes; d, dmin     d s q - dmin m      groups of 16
 *     Q3_K  32 bytes of third bits, 64 of codes, 12 of scales; d                     d (s - 32) (q - 4)  groups of 16
 *     Q4_K  d, dmin; 12 bytes of scales and minima; 128 of codes                     d s q - dmin m      groups of 32
 *     Q5_K  d, dmin; 12 bytes of the same; 32 of fifth bits; 128 of codes            d s q - dmin m      groups of 32
 *     Q6_K  128 bytes of low bits, 64 of high bits, 16 signed scales; d              d s (q - 32)        groups of 16
 *
 * q is the code with all its bits. Codes of 2 bits: 32 bytes hold 128 elements, two bits of each byte for every 32 of
 * them; of 4 bits: 32 bytes hold 64 elements, the low nibbles the first 32 (in Q6_K 64 bytes 128 elements, the low nibbles
 * the first 64).
 */
export function unpackKBlock(type: 'Q2_K' | 'Q3_K' | 'Q4_K' | 'Q5_K' | 'Q6_K'): UnpackBlock {
  switch (type) {
    case 'Q2_K':
      return unpackQ2K;
    case 'Q3_K':
      return unpackQ3K;
    case 'Q4_K':
      return (bytes, at, values, first) => {
        unpackQ45K(bytes, at, values, first, false);
      };
    case 'Q5_K':
      return (bytes, at, values, first) => {
        unpackQ45K(bytes, at, values, first, true);
      };
    case 'Q6_K':
      return unpackQ6K;
  }
}

const { fround } = Math;

/** The two-bit code of element i; the codes begin at bytes[at]. */
function twoBits(bytes: Uint8Array, at: number, i: number): number {
  return ((bytes[at + (i >> 7) * 32 + (i & 31)] ?? 0) >> (2 * ((i >> 5) & 3))) & 3;
}

const unpackQ2K: UnpackBlock = (bytes, at, values, first) => {
  const d = half(bytes, at + 80);
  const dmin = half(bytes, at + 82);
  for (let group = 0; group < 16; group++) {
    const packed = bytes[at + group] ?? 0;
    const scale = fround(d * (packed & 15));
    const minimum = fround(dmin * (packed >> 4));
    for (let i = group * 16; i < group * 16 + 16; i++) {
      values[first + i] = fround(scale * twoBits(bytes, at + 16, i)) - minimum;
    }
  }
};

const unpackQ3K: UnpackBlock = (bytes, at, values, first) => {
  const d = half(bytes, at + 108);
  for (let group = 0; group < 16; group++) {
    // Low four bits of scales 0 to 7 and 8 to 15 in the nibbles of 8 bytes; two high bits of each in 4 bytes.
    const low = ((bytes[at + 96 + (group & 7)] ?? 0) >> (group < 8 ? 0 : 4)) & 15;
    const high = ((bytes[at + 104 + (group & 3)] ?? 0) >> (2 * (group >> 2))) & 3;
    const scale = fround(d * ((low | (high << 4)) - 32));
    for (let i = group * 16; i < group * 16 + 16; i++) {
      const third = ((bytes[at + (i & 31)] ?? 0) >> (i >> 5)) & 1;
      values[first + i] = scale * (twoBits(bytes, at + 32, i) + 4 * third - 4);
    }
  }
};

const unpackQ45K = (
  bytes: Uint8Array,
  at: number,
  values: Float32Array,
  first: number,
  fiveBits: boolean,
): void => {
  const d = half(bytes, at);
  const dmin = half(bytes, at + 2);
  const codes = at + (fiveBits ? 48 : 16);
  for (let group = 0; group < 8; group++) {
    const scale = fround(d * sixBits(bytes, at + 4, group, 0));
    const minimum = fround(dmin * sixBits(bytes, at + 4, group, 4));
    for (let i = 0; i < 32; i++) {
      const nibble = ((bytes[codes + (group >> 1) * 32 + i] ?? 0) >> (4 * (group & 1))) & 15;
      const fifth = fiveBits ? ((bytes[at + 16 + i] ?? 0) >> group) & 1 : 0;
      values[first + group * 32 + i] = fround(scale * (nibble | (fifth << 4))) - minimum;
    }
  }
};

/**
 * Scale (shift 0) or minimum (shift 4) of a group: 6 bits of the 12 bytes at `at`. Groups 0 to 3 have theirs in the low bits
 * of bytes 0 to 3 (scales) and 4 to 7 (minima); groups 4 to 7 have the high two in the top bits of the same bytes, and the
 * low four in the low (scales) and high (minima) nibbles of bytes 8 to 11.
 */
function sixBits(bytes: Uint8Array, at: number, group: number, shift: 0 | 4): number {
  const byte = bytes[at + shift + (group & 3)] ?? 0;
  if (group < 4) return byte & 63;
  return (((bytes[at + 8 + (group & 3)] ?? 0) >> shift) & 15) | ((byte >> 6) << 4);
}

const unpackQ6K: UnpackBlock = (bytes, at, values, first) => {
  const d = half(bytes, at + 208);
  for (let group = 0; group < 16; group++) {
    const scale = fround(d * signed(bytes[at + 192 + group] ?? 0));
    for (let i = group * 16; i < group * 16 + 16; i++) {
      const low = ((bytes[at + (i >> 7) * 64 + (i & 63)] ?? 0) >> (i & 64 ? 4 : 0)) & 15;
      values[first + i] = scale * ((low | (twoBits(bytes, at + 128, i) << 4)) - 32);
    }
  }
};
