/** Wire types of protobuf's encoding (protobuf.dev/programming-guides/encoding). */
const VARINT = 0;
const FIXED_64 = 1;
const LENGTH = 2;
const FIXED_32 = 5;

const WORD = 2n ** 64n;

/**
 * Encodes one protobuf message, field by field. A library would compile its encoder from text, which the page's content
 * security policy forbids.
 */
export class ProtoMessage {
  readonly #parts: Uint8Array[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** An integer of any signed or unsigned type; a negative one takes ten bytes. */
  int(field: number, value: number | bigint): this {
    return this.#append(varint(tag(field, VARINT)), varint(value));
  }

  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.#append(varint(tag(field, FIXED_32)), bytes);
  }

  double(field: number, value: number): this {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value, true);
    return this.#append(varint(tag(field, FIXED_64)), bytes);
  }

  string(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  bytes(field: number, value: Uint8Array): this {
    return this.#append(varint(tag(field, LENGTH)), varint(value.length), value);
  }

  message(field: number, value: ProtoMessage): this {
    this.#append(varint(tag(field, LENGTH)), varint(value.#size));
    return this.#append(...value.#parts);
  }

  encode(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.#size);
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }

  #append(...parts: readonly Uint8Array[]): this {
    for (const part of parts) {
      this.#parts.push(part);
      this.#size += part.length;
    }
    return this;
  }
}

function tag(field: number, wireType: number): number {
  return field * 8 + wireType;
}

/** Seven bits a byte, the lowest first; the highest bit says that another byte follows. */
function varint(value: number | bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = ((BigInt(value) % WORD) + WORD) % WORD;
  while (rest >= 128n) {
    bytes.push(Number(rest % 128n) | 128);
    rest /= 128n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
