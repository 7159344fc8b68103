/** Colours and the like, as programs write them to a terminal. */
const TERMINAL_SEQUENCE = new RegExp(String.raw`${String.fromCharCode(27)}\[[\d;]*[A-Za-z]`, 'g');

/**
 * Control characters without a meaning in a text, characters without a width, and code points that are no characters.
 * The joiners U+200C and U+200D stay: Persian, Indic scripts and emoji need them. Line breaks are left to another step.
 */
const UNSEEN = /(?![\t\n\v\f\r\u0085])\p{Cc}|[\u00ad\u200b\u2060\ufeff\ufffe\uffff]/gu;

/** A text without characters that nobody sees, and with its encoding repaired where it is certainly wrong. */
export function cleanCharacters(text: string): string {
  let read = text;
  for (let before = ''; before !== read;) {
    before = read;
    read = repaired(read);
  }
  return read.replaceAll(TERMINAL_SEQUENCE, '').replaceAll(UNSEEN, '');
}

/** Whether a decoder has put its mark in place of characters, which nothing can bring back. */
export function hasLostCharacters(text: string): boolean {
  return text.includes('\ufffd');
}

/** The characters of the bytes 0x80 to 0x9f in Windows-1252, whose decoders in programs differ from each other. */
const WINDOWS = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

const WINDOWS_BYTES: ReadonlyMap<string, number> = new Map(
  Array.from(WINDOWS, (character, at): [string, number] => [character, 0x80 + at]),
);

/** The beginning of a Chinese character whose last byte, a space that does not break, became a plain space. */
const LOST_SPACE = /([\u00e3-\u00e9][\u0080-\u00bf\u0152-\u2122]) /g;

/** The characters of further bytes of UTF-8 that hardly follow a letter in a text: all but quotes, dashes and the like. */
const TELLING =
  '\\u0080-\\u00a6\\u00a8\\u00a9\\u00ac-\\u00af\\u00b1-\\u00b6\\u00b8\\u00b9\\u00bc-\\u00bf€ƒ†‡ˆ‰ŠŒŽ˜™šœžŸ';
const FURTHER = '[\\u0080-\\u00bf\\u0152-\\u2122]';

/** A character that is certainly misread: one of three or four bytes, or a frequent one of Latin-1. */
const CERTAIN = new RegExp(
  `[\\u00e0-\\u00f4](?:[${TELLING}]${FURTHER}|${FURTHER}[${TELLING}])|\\u00c3[${TELLING}]|\\u00c2[\\u00a0-\\u00bf${TELLING}]`,
);

/** A character of two bytes that may be misread: three different ones are certain. */
const PROBABLE = new RegExp(`[\\u00c4-\\u00df][${TELLING}]`, 'g');
const ENOUGH = 3;

/**
 * The text that UTF-8 stands for, if the given one is UTF-8 read as Windows-1252 or Latin-1: "Ã©" for "é". The repair is
 * certain only if all characters of the text take part in it, and if some of them do not follow each other in any
 * language. "MANHÃ…" and "Spaß“" could be misread UTF-8 too, and stay.
 */
function repaired(text: string): string {
  if (!/[\u00c2-\u00f4]/.test(text)) return text;
  const given = text.replaceAll(LOST_SPACE, '$1\u00a0');
  if (!CERTAIN.test(given) && new Set(given.match(PROBABLE)).size < ENOUGH) return text;
  const bytes = bytesOf(given);
  if (!bytes) return text;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return text;
  }
}

/** The bytes of a text in Windows-1252 with Latin-1's control characters; undefined if it has other characters. */
function bytesOf(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const byte = code < 0x100 ? code : WINDOWS_BYTES.get(text[at]!);
    if (byte === undefined) return undefined;
    bytes[at] = byte;
  }
  return bytes;
}
