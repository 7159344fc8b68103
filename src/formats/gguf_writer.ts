import { alignUp } from '../core/align';
import { elementCount, type Shape } from '../core/shape';
import { ggmlFormat, type GgmlType } from './ggml/types';
import type { GgufValue } from './gguf_reader';

/** A metadata value with its type in the file; an encoded one has both as the bytes of another file. */
export type GgufEntry =
  | { readonly type: 'encoded'; readonly bytes: Uint8Array; readonly value: GgufValue }
  | { readonly type: 'u32' | 'i32' | 'f32'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'array'; readonly of: 'u32' | 'i32' | 'f32'; readonly values: ArrayLike<number> }
  | { readonly type: 'array'; readonly of: 'bool'; readonly values: readonly boolean[] }
  | { readonly type: 'array'; readonly of: 'string'; readonly values: readonly string[] };

export type GgufEntries = ReadonlyMap<string, GgufEntry>;

export const u32 = (value: number): GgufEntry => ({ type: 'u32', value });
export const f32 = (value: number): GgufEntry => ({ type: 'f32', value });
export const bool = (value: boolean): GgufEntry => ({ type: 'bool', value });
export const text = (value: string): GgufEntry => ({ type: 'string', value });
export const texts = (values: readonly string[]): GgufEntry => ({ type: 'array', of: 'string', values });

/** The metadata types by number. */
const NUMBERS = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const;

/** A tensor to write. */
export interface PlannedTensor {
  readonly name: string;
  readonly type: GgmlType;
  /** Outermost axis first; the file has the innermost first. */
  readonly shape: Shape;
}

/** A GGUF file, known before any tensor is: its header, then each tensor with its padding. */
export interface GgufPlan<T extends PlannedTensor> {
  /** All bytes before the first tensor. */
  readonly header: Uint8Array<ArrayBuffer>;
  /** In the given order, with the bytes of each and of the zeros behind it. */
  readonly tensors: readonly (T & { readonly bytes: number; readonly padding: number })[];
  /** Bytes of the file. */
  readonly size: number;
}

const MAGIC = 0x46554747;
const VERSION = 3;
/** The format's default, which needs no entry. */
const ALIGNMENT = 32;
/** llama.cpp keeps names in arrays of 64 bytes with a zero at the end (`GGML_MAX_NAME`). */
const MOST_NAME_BYTES = 63;

/** Bytes of a tensor. Its rows must be whole blocks of the type. */
export function ggufTensorBytes({ name, type, shape }: PlannedTensor): number {
  const { elements, bytes } = ggmlFormat(type);
  const row = shape.at(-1) ?? 0;
  if (row === 0 || row % elements !== 0) throw new Error(`${name} has no rows of whole ${type} blocks`);
  return (elementCount(shape) / elements) * bytes;
}

/**
 * Lays out a GGUF file of version 3, little-endian (ggml-org, "GGUF specification"): metadata, descriptions of the
 * tensors, then the tensors in the given order, each at a multiple of 32 bytes.
 */
export function planGguf<T extends PlannedTensor>(entries: GgufEntries, tensors: readonly T[]): GgufPlan<T> {
  const writer = new Writer();
  writer.u32(MAGIC);
  writer.u32(VERSION);
  writer.u64(tensors.length);
  writer.u64(entries.size);
  for (const [key, entry] of entries) {
    writer.text(key);
    writer.entry(entry);
  }
  let offset = 0;
  const placed = tensors.map((tensor) => {
    const bytes = ggufTensorBytes(tensor);
    if (writer.text(tensor.name) > MOST_NAME_BYTES) throw new Error(`${tensor.name} is too long a name`);
    writer.u32(tensor.shape.length);
    for (const length of tensor.shape.toReversed()) writer.u64(length);
    writer.u32(ggmlFormat(tensor.type).number);
    writer.u64(offset);
    const padding = alignUp(bytes, ALIGNMENT) - bytes;
    offset += bytes + padding;
    return { ...tensor, bytes, padding };
  });
  const header = writer.bytes(ALIGNMENT);
  return { header, tensors: placed, size: header.length + offset };
}

/** Writes numbers, texts and metadata values one after the other. */
class Writer {
  #bytes = new Uint8Array(2 ** 16);
  #view = new DataView(this.#bytes.buffer);
  #position = 0;
  readonly #utf8 = new TextEncoder();

  u32(value: number): void {
    const at = this.#take(4);
    this.#view.setUint32(at, whole(value, 0, 2 ** 32 - 1), true);
  }

  u64(value: number): void {
    const at = this.#take(8);
    this.#view.setBigUint64(at, BigInt(whole(value, 0, Number.MAX_SAFE_INTEGER)), true);
  }

  /** Writes a text and returns its length in bytes. */
  text(value: string): number {
    const most = value.length * 3;
    const length = this.#take(8);
    const begin = this.#take(most);
    const { written } = this.#utf8.encodeInto(value, this.#bytes.subarray(begin, begin + most));
    this.#position = begin + written;
    this.#view.setBigUint64(length, BigInt(written), true);
    return written;
  }

  entry(entry: GgufEntry): void {
    if (entry.type === 'encoded') {
      const at = this.#take(entry.bytes.length);
      this.#bytes.set(entry.bytes, at);
      return;
    }
    this.u32(NUMBERS[entry.type]);
    if (entry.type !== 'array') {
      this.#value(entry.type, entry.value);
      return;
    }
    this.u32(NUMBERS[entry.of]);
    this.u64(entry.values.length);
    for (let index = 0; index < entry.values.length; index++) {
      this.#value(entry.of, entry.values[index] ?? 0);
    }
  }

  /** All bytes so far, with zeros up to a multiple of `alignment`. */
  bytes(alignment: number): Uint8Array<ArrayBuffer> {
    const used = this.#position;
    this.#take(alignUp(used, alignment) - used);
    // Texts reserve more bytes than they need, so the bytes behind the last one may be used.
    return this.#bytes.slice(0, this.#position).fill(0, used);
  }

  #value(type: Exclude<GgufEntry['type'], 'array' | 'encoded'>, value: number | boolean | string): void {
    if (typeof value === 'string') {
      this.text(value);
    } else if (typeof value === 'boolean') {
      const at = this.#take(1);
      this.#bytes[at] = Number(value);
    } else if (type === 'f32') {
      const at = this.#take(4);
      this.#view.setFloat32(at, value, true);
    } else if (type === 'i32') {
      const at = this.#take(4);
      this.#view.setInt32(at, whole(value, -(2 ** 31), 2 ** 31 - 1), true);
    } else {
      this.u32(value);
    }
  }

  /** Makes room for this many bytes, and returns the offset of the first. Replaces the bytes and the view if they are full. */
  #take(bytes: number): number {
    const begin = this.#position;
    this.#position += bytes;
    if (this.#position > this.#bytes.length) {
      const longer = new Uint8Array(Math.max(this.#bytes.length * 2, this.#position));
      longer.set(this.#bytes);
      this.#bytes = longer;
      this.#view = new DataView(longer.buffer);
    }
    return begin;
  }
}

function whole(value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`${value} is no whole number from ${least} to ${most}`);
}
