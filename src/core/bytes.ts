/** Joins the parts into a new array. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** The bytes behind a typed array, not copied. */
export function bytesOf<Buffer extends ArrayBufferLike>(array: ArrayBufferView<Buffer>): Uint8Array<Buffer> {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** SHA-256 as 64 lower-case hexadecimal digits. */
export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  // WebCrypto refuses views on shared memory, so only these are copied.
  const own =
    bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', own));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Whether two arrays hold the same bytes. Compares eight at a time if both are aligned. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  const aligned = a.byteOffset % 8 === 0 && b.byteOffset % 8 === 0;
  const words = aligned ? a.length >>> 3 : 0;
  const left = new BigUint64Array(a.buffer, aligned ? a.byteOffset : 0, words);
  const right = new BigUint64Array(b.buffer, aligned ? b.byteOffset : 0, words);
  for (let i = 0; i < words; i++) if (left[i] !== right[i]) return false;
  for (let i = 8 * words; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
