import { message, type Message } from '../../core/messages/message';

/** The encoding of a text: the one of its byte order mark, else UTF-8. */
export interface Encoding {
  readonly label: 'utf-8' | 'utf-16le' | 'utf-16be';
  /** Length of the byte order mark in bytes. */
  readonly mark: number;
}

/**
 * Determines a file's encoding from its first bytes; for an encoding that is not supported, only its name.
 *
 * @param head the first bytes, at least four if the file has them
 */
export function encodingOf(head: Uint8Array): Encoding | { readonly unread: string | Message } {
  const begins = (...bytes: number[]): boolean => bytes.every((byte, at) => head[at] === byte);
  if (begins(0xef, 0xbb, 0xbf)) return { label: 'utf-8', mark: 3 };
  if (begins(0xff, 0xfe, 0, 0) || begins(0, 0, 0xfe, 0xff)) return { unread: 'UTF-32' };
  if (begins(0xff, 0xfe)) return { label: 'utf-16le', mark: 2 };
  if (begins(0xfe, 0xff)) return { label: 'utf-16be', mark: 2 };
  if (head.length > 1 && (head[0] === 0) !== (head[1] === 0)) {
    return { unread: message('encoding_unmarked') };
  }
  return { label: 'utf-8', mark: 0 };
}

/** The name, for messages, of the encoding of a text that is no UTF-8. */
export function encodingName(bytes: Uint8Array): string | Message {
  const told = encodingOf(bytes);
  if ('unread' in told) return told.unread;
  if (told.label !== 'utf-8') return 'UTF-16';
  return message('encoding_probable', { name: probableEncoding(bytes.subarray(0, 100_000)) });
}

/**
 * Guesses the encoding of a text that is no UTF-8 from which bytes follow each other. For messages.
 *
 * @param sample some bytes of the text, from the beginning of a line to the end of one
 */
export function probableEncoding(sample: Uint8Array): string {
  let high = 0;
  let paired = 0;
  let korean = 0;
  let chineseBig5 = 0;
  let pairs = 0;
  for (let at = 0; at < sample.length; at++) {
    const [lead = 0, trail = 0] = [sample[at], sample[at + 1]];
    if (lead < 0x80) continue;
    high++;
    if (lead < 0xa1 || trail < 0x40) continue;
    pairs++;
    if (lead >= 0xb0 && lead <= 0xc8 && trail >= 0xa1) korean++;
    if (lead >= 0xa1 && lead <= 0xc6 && (trail <= 0x7e || trail >= 0xa1)) chineseBig5++;
    if (trail >= 0xa1) paired += 2;
    if (trail >= 0x80) high++;
    at++;
  }
  if (kanaShare(sample, 'shift_jis') > 0.2) return 'Shift_JIS';
  if (paired > 0.9 * high) {
    if (kanaShare(sample, 'euc-jp') > 0.2) return 'EUC-JP';
    return pairs > 8 && korean > 0.9 * pairs ? 'EUC-KR' : 'GBK';
  }
  if (paired > 0.4 * high) return chineseBig5 > 0.9 * pairs ? 'Big5' : 'GBK';
  return 'Latin-1 (Windows-1252)';
}

/** The share of kana in the letters beyond ASCII; 0 if the bytes are no text of the encoding. */
function kanaShare(sample: Uint8Array, label: string): number {
  try {
    const letters = Array.from(new TextDecoder(label, { fatal: true }).decode(sample)).filter(
      (letter) => letter > '\u007f',
    );
    return letters.filter((letter) => /[\u3040-\u30ff]/.test(letter)).length / Math.max(1, letters.length);
  } catch {
    return 0;
  }
}
