import { TunesmithError } from '../core/errors';
import { message, type Message } from '../core/messages/message';

/** A metadata value. Whole numbers beyond 2^53 are bigints. */
export type GgufValue = number | bigint | boolean | string | readonly GgufValue[];

/** Thrown if a header continues after the bytes read so far. */
export class EndOfBytes extends Error {}

/** The metadata types by number, each with the fewest bytes that a value takes. */
const VALUE_BYTES = [1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8] as const;
const STRING = 8;
const ARRAY = 9;
/** Deepest nesting of arrays. The format allows nesting; no known file has any. */
const MAX_DEPTH = 4;
/** Values in all arrays together; the largest vocabularies with their merges have a million. */
const MAX_VALUES = 2 ** 24;

/** Reads numbers, texts and metadata values in order from the start of a GGUF file. */
export class GgufReader {
  position = 0;
  #values = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #fileSize: number;
  readonly #file: string;
  readonly #utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  /**
   * @param bytes the file from its start
   * @param file the file's name, for messages
   */
  constructor(bytes: Uint8Array, fileSize: number, file: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#fileSize = fileSize;
    this.#file = file;
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** Reads a count of items. Refuses it if items of at least `leastBytes` each exceed the rest of the file. */
  count(of: Message, leastBytes: number): number {
    const count = this.#u64();
    if (typeof count === 'number' && count * leastBytes <= this.#fileSize - this.position) return count;
    throw new TunesmithError({
      code: 'gguf_count',
      values: { file: this.#file, count: String(count), of, noRoom: true },
    });
  }

  /** Reads a size or an offset. */
  length(of: Message): number {
    const length = this.#u64();
    if (typeof length === 'number') return length;
    throw this.#wrongLength(String(length), of);
  }

  text(of: Message, mostBytes: number): string {
    const bytes = this.count(message('gguf_bytes_of', { of }), 1);
    if (bytes > mostBytes) throw this.#wrongLength(message('gguf_bytes', { bytes }), of);
    const begin = this.#take(bytes);
    return this.#shortAscii(begin, bytes) ?? this.#decode(begin, bytes, of);
  }

  /** Reads a type and then a value of that type. */
  value(key: string): GgufValue {
    return this.#valueOf(this.u32(), key, 0);
  }

  #valueOf(type: number, key: string, depth: number): GgufValue {
    if (type === STRING) return this.text(message('gguf_value_of', { key }), this.#fileSize);
    if (type === ARRAY) return this.#array(key, depth);
    return this.#scalar(type, key);
  }

  #array(key: string, depth: number): GgufValue[] {
    const file = this.#file;
    if (depth === MAX_DEPTH) throw new TunesmithError({ code: 'gguf_metadata_type', values: { file, key } });
    const type = this.u32();
    const of = message('gguf_values_of', { key });
    const count = this.count(of, VALUE_BYTES[type] ?? 1);
    this.#values += count;
    if (this.#values > MAX_VALUES) {
      const values = { file, count: String(count), of, noRoom: false };
      throw new TunesmithError({ code: 'gguf_count', values });
    }
    const values: GgufValue[] = [];
    for (let index = 0; index < count; index++) values.push(this.#valueOf(type, key, depth + 1));
    return values;
  }

  #scalar(type: number, key: string): GgufValue {
    const bytes = VALUE_BYTES[type];
    if (bytes === undefined) {
      throw new TunesmithError({ code: 'gguf_metadata_type', values: { file: this.#file, key, type } });
    }
    const at = this.#take(bytes);
    const view = this.#view;
    switch (type) {
      case 0:
        return view.getUint8(at);
      case 1:
        return view.getInt8(at);
      case 2:
        return view.getUint16(at, true);
      case 3:
        return view.getInt16(at, true);
      case 4:
        return view.getUint32(at, true);
      case 5:
        return view.getInt32(at, true);
      case 6:
        return view.getFloat32(at, true);
      case 7:
        return this.#bool(view.getUint8(at), key);
      case 10:
        return exact(view.getBigUint64(at, true));
      case 11:
        return exact(view.getBigInt64(at, true));
      default:
        return view.getFloat64(at, true);
    }
  }

  #bool(byte: number, key: string): boolean {
    if (byte > 1) {
      throw new TunesmithError({ code: 'gguf_metadata_bool', values: { file: this.#file, key, byte } });
    }
    return byte === 1;
  }

  #u64(): number | bigint {
    return exact(this.#view.getBigUint64(this.#take(8), true));
  }

  /**
   * Decodes a short ASCII text; undefined for others. A tokenizer has many short words, and this is several times as
   * fast as a TextDecoder.
   */
  #shortAscii(begin: number, length: number): string | undefined {
    if (length > 24) return undefined;
    let text = '';
    for (let i = begin; i < begin + length; i++) {
      const byte = this.#bytes[i] ?? 0;
      if (byte > 0x7f) return undefined;
      text += String.fromCharCode(byte);
    }
    return text;
  }

  #decode(begin: number, length: number, of: Message): string {
    try {
      return this.#utf8.decode(this.#bytes.subarray(begin, begin + length));
    } catch {
      throw new TunesmithError({ code: 'gguf_text', values: { file: this.#file, of } });
    }
  }

  #wrongLength(length: string | Message, of: Message): TunesmithError {
    return new TunesmithError({ code: 'gguf_length', values: { file: this.#file, length, of } });
  }

  /** Advances by this many bytes, and returns the offset of the first. */
  #take(bytes: number): number {
    const begin = this.position;
    if (begin + bytes > this.#bytes.length) throw new EndOfBytes();
    this.position += bytes;
    return begin;
  }
}

function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
