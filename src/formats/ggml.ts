import { half, signed, type UnpackBlock } from './ggml_block';
import { unpackKBlock } from './ggml_k';
import { ggmlBlock, type GgmlType } from './ggml_types';

/** The block formats that this module can dequantise. */
export const ggmlPacked = [
  'Q4_0',
  'Q4_1',
  'Q5_0',
  'Q5_1',
  'Q8_0',
  'Q2_K',
  'Q3_K',
  'Q4_K',
  'Q5_K',
  'Q6_K',
  'IQ4_NL',
  'IQ4_XS',
  'MXFP4',
] as const satisfies readonly GgmlType[];
export type GgmlPacked = (typeof ggmlPacked)[number];

export function isGgmlPacked(type: string): type is GgmlPacked {
  return ggmlPacked.some((known) => known === type);
}

/**
 * Dequantises whole blocks to float32. Each operation is rounded on its own, as in the reference (gguf.quants in
 * Python). Blocks of 32 have their two halves in the low and the high nibbles of 16 bytes. With half-precision d and m,
 * and q the unsigned code:
 *
 *     Q4_0    d, 16 bytes                   d (q - 8)
 *     Q4_1    d, m, 16 bytes                d q + m
 *     Q5_0    d, 4 bytes of fifth bits, 16  d (q - 16)
 *     Q5_1    d, m, 4 bytes, 16             d q + m
 *     Q8_0    d, 32 signed bytes            d q
 *     IQ4_NL  d, 16 bytes                   d table[q]
 *     MXFP4   a byte e, 16 bytes            2^(e - 128) table[q]
 *
 * MXFP4 is the format of the OCP Microscaling Formats 1.0, its table doubled and its scale halved. IQ4_XS is IQ4_NL in
 * blocks of 256: d, 2 bytes with two high bits of each of 8 scales, 4 with their low four, 128 of codes; d (s - 32)
 * table[q]. ggml_k.ts describes the other blocks of 256.
 */
export function dequantizeGgml(type: GgmlPacked, bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const block = ggmlBlock(type);
  const blocks = bytes.length / block.bytes;
  if (!Number.isInteger(blocks)) throw new Error(`${bytes.length} bytes are no whole blocks of ${type}`);
  const values = new Float32Array(blocks * block.elements);
  const unpack = unpackerOf(type);
  for (let i = 0; i < blocks; i++) unpack(bytes, i * block.bytes, values, i * block.elements);
  return values;
}

function unpackerOf(type: GgmlPacked): UnpackBlock {
  switch (type) {
    case 'Q4_0':
      return (bytes, at, values, first) => {
        nibbles(bytes, at + 2, values, first, half(bytes, at), (code) => code - 8);
      };
    case 'IQ4_NL':
      return (bytes, at, values, first) => {
        nibbles(bytes, at + 2, values, first, half(bytes, at), (code) => NON_LINEAR[code] ?? 0);
      };
    case 'IQ4_XS':
      return unpackIQ4XS;
    case 'MXFP4':
      return (bytes, at, values, first) => {
        const exponent = bytes[at] ?? 0;
        nibbles(bytes, at + 1, values, first, 2 ** (exponent - 128), (code) => MICROSCALED[code] ?? 0);
      };
    case 'Q4_1':
      return (bytes, at, values, first) => {
        nibbles(bytes, at + 4, values, first, half(bytes, at), (code) => code);
        addTo(values, first, half(bytes, at + 2));
      };
    case 'Q5_0':
      return (bytes, at, values, first) => {
        fiveBits(bytes, at + 2, values, first, half(bytes, at), 16);
      };
    case 'Q5_1':
      return (bytes, at, values, first) => {
        fiveBits(bytes, at + 4, values, first, half(bytes, at), 0);
        addTo(values, first, half(bytes, at + 2));
      };
    case 'Q8_0':
      return (bytes, at, values, first) => {
        const d = half(bytes, at);
        for (let i = 0; i < 32; i++) values[first + i] = d * signed(bytes[at + 2 + i] ?? 0);
      };
    default:
      return unpackKBlock(type);
  }
}

/** The values of IQ4_NL's codes. */
const NON_LINEAR = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113] as const;

/** Twice the values of the codes of E2M1. */
const MICROSCALED = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12] as const;

const unpackIQ4XS: UnpackBlock = (bytes, at, values, first) => {
  const d = half(bytes, at);
  const high = (bytes[at + 2] ?? 0) | ((bytes[at + 3] ?? 0) << 8);
  for (let group = 0; group < 8; group++) {
    const low = ((bytes[at + 4 + (group >> 1)] ?? 0) >> (4 * (group & 1))) & 15;
    const scale = Math.fround(d * ((low | (((high >> (2 * group)) & 3) << 4)) - 32));
    const meaning = (code: number): number => NON_LINEAR[code] ?? 0;
    nibbles(bytes, at + 8 + group * 16, values, first + group * 32, scale, meaning);
  }
};

function nibbles(
  bytes: Uint8Array,
  at: number,
  values: Float32Array,
  first: number,
  d: number,
  meaning: (code: number) => number,
): void {
  for (let i = 0; i < 16; i++) {
    const pair = bytes[at + i] ?? 0;
    values[first + i] = d * meaning(pair & 15);
    values[first + i + 16] = d * meaning(pair >> 4);
  }
}

/** Four bytes of fifth bits, then nibbles. An element's value is d (code - zero). */
function fiveBits(
  bytes: Uint8Array,
  at: number,
  values: Float32Array,
  first: number,
  d: number,
  zero: number,
): void {
  for (let i = 0; i < 32; i++) {
    const nibble = ((bytes[at + 4 + (i & 15)] ?? 0) >> (i < 16 ? 0 : 4)) & 15;
    const fifth = ((bytes[at + (i >> 3)] ?? 0) >> (i & 7)) & 1;
    values[first + i] = d * ((nibble | (fifth << 4)) - zero);
  }
}

function addTo(values: Float32Array, first: number, m: number): void {
  for (let i = first; i < first + 32; i++) values[i] = (values[i] ?? 0) + m;
}
