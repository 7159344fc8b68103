/**
 * Byte-level tokenizers write every byte as a printable character: a byte that is printable in Latin-1 as itself, the
 * others, in order, as U+0100 and on.
 */
const characters = ((): readonly string[] => {
  const printable = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
})();

const bytes: ReadonlyMap<string, number> = new Map(characters.map((character, byte) => [character, byte]));

const encoder = new TextEncoder();

/** A text's UTF-8 bytes, each as a character. A surrogate without its partner counts as U+FFFD. */
export function toByteCharacters(text: string): string {
  let written = '';
  for (const byte of encoder.encode(text)) written += characters[byte] ?? '';
  return written;
}

/** The bytes of a token; a token with any other character gives its own UTF-8. */
export function fromByteCharacters(token: string): Uint8Array | readonly number[] {
  const read: number[] = [];
  for (const character of token) {
    const byte = bytes.get(character);
    if (byte === undefined) return encoder.encode(token);
    read.push(byte);
  }
  return read;
}
