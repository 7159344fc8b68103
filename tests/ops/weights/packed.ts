import { f16ToF32 } from '../../../src/core/dtype';
import { dequantizeGgml } from '../../../src/formats/ggml/rows';
import { ggmlFormat, ggmlReadable, type GgmlPacked } from '../../../src/formats/ggml/types';
import { dequantizeAbsmax, dequantizeNF4, doubleQuantize, quantizeNF4 } from '../../../src/formats/nf4';
import { packNf4Scales } from '../../../src/ops/nf4_scales';
import type { AwqPacking, GgmlPacking, GptqPacking, Nf4Packing, Packing } from '../../../src/ops/weight';
import { integers, normal } from '../case';
import { dequantizeAwq, dequantizeGptq } from './grouped_values';

/** The buffers of a packed weight, and the values that the formats' own dequantiser takes them for. */
export interface PackedData {
  readonly codes: Uint32Array<ArrayBuffer>;
  readonly scales?: Uint32Array<ArrayBuffer>;
  /** [out, in] */
  readonly values: Float32Array;
}

/** A random weight; its content depends on the arguments only. */
export function packedData(packing: Packing, out: number, input: number): PackedData {
  switch (packing.format) {
    case 'nf4':
      return nf4Data(packing, out, input);
    case 'gptq':
      return gptqData(packing, out, input);
    case 'awq':
      return awqData(packing, out, input);
    default:
      return ggmlData(packing, out, input);
  }
}

function nf4Data({ blockSize, doubleQuant }: Nf4Packing, out: number, input: number): PackedData {
  const count = out * input;
  const { codes, absmax } = quantizeNF4(normal('weight', count, 0.3), blockSize);
  const double = doubleQuantize(absmax);
  const meant = doubleQuant ? dequantizeAbsmax(double) : absmax;
  return {
    codes: wordsOf(codes),
    scales: packNf4Scales(doubleQuant ? double : absmax),
    values: dequantizeNF4(codes, meant, count, blockSize),
  };
}

function gptqData({ groupSize, actOrder }: GptqPacking, out: number, input: number): PackedData {
  const groups = Math.ceil(input / groupSize);
  const { qzeros, halves } = groupedData(groups, out);
  const qweight = random32('gptq codes', (out * input) / 8);
  const groupOf = actOrder
    ? integers('g_idx', input, groups)
    : Uint32Array.from({ length: input }, (_, k) => Math.floor(k / groupSize));
  const values = dequantizeGptq({ out, in: input, qweight, qzeros, scales: f16ToF32(halves), groupOf });
  const index = actOrder ? Array.from(groupOf) : [];
  return {
    codes: qweight,
    scales: Uint32Array.of(...new Uint32Array(halves.buffer), ...qzeros, ...index),
    values,
  };
}

function awqData({ groupSize }: AwqPacking, out: number, input: number): PackedData {
  const { qzeros, halves } = groupedData(Math.ceil(input / groupSize), out);
  const qweight = random32('awq codes', (out * input) / 8);
  const values = dequantizeAwq({ out, in: input, groupSize, qweight, qzeros, scales: f16ToF32(halves) });
  return { codes: qweight, scales: Uint32Array.of(...new Uint32Array(halves.buffer), ...qzeros), values };
}

function groupedData(
  groups: number,
  out: number,
): { qzeros: Uint32Array<ArrayBuffer>; halves: Uint16Array<ArrayBuffer> } {
  const bytes = new Uint8Array(groups * out * 2);
  bytes.set(integers('scales', bytes.length, 256));
  for (let at = 0; at < bytes.length; at += 2) belowTwo(bytes, at);
  return { qzeros: random32('zeros', (groups * out) / 8), halves: new Uint16Array(bytes.buffer) };
}

/** Blocks of random bits, the half-precision numbers among them below 2 in magnitude, subnormal ones included. */
export function ggmlBytes(type: GgmlPacked, blocks: number): Uint8Array<ArrayBuffer> {
  const { bytes: size, halves } = ggmlReadable(type);
  const bytes = new Uint8Array(blocks * size);
  bytes.set(integers(type, bytes.length, 256));
  for (let block = 0; block < blocks; block++) {
    for (const at of halves) belowTwo(bytes, block * size + at);
  }
  return bytes;
}

function ggmlData({ format }: GgmlPacking, out: number, input: number): PackedData {
  const type = format.toUpperCase() as Uppercase<GgmlPacking['format']>;
  const bytes = ggmlBytes(type, (out * input) / ggmlFormat(type).elements);
  return { codes: wordsOf(bytes), values: dequantizeGgml(type, bytes) };
}

function belowTwo(bytes: Uint8Array, at: number): void {
  bytes[at + 1]! &= 0xbf;
}

function random32(name: string, count: number): Uint32Array<ArrayBuffer> {
  return integers(name, count, 2 ** 32);
}

/** Little-endian bytes, four to a word, with zeros to a whole word. */
export function wordsOf(bytes: Uint8Array): Uint32Array<ArrayBuffer> {
  const whole = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  whole.set(bytes);
  return new Uint32Array(whole.buffer);
}
