import { message, type Message } from '../../core/messages/message';
import { isFrequent, likelyEncodings } from './likely_encodings';

/** The encoding of a text. */
export interface Encoding {
  /** A label of the Encoding standard. */
  readonly label: string;
  /** Length of the byte order mark in bytes. */
  readonly mark: number;
}

/** The encoding that a byte order mark tells; `utf-32`, which can't be read, too. */
export function markedEncoding(head: Uint8Array): Encoding | undefined {
  const begins = (...bytes: number[]): boolean => bytes.every((byte, at) => head[at] === byte);
  if (begins(0xef, 0xbb, 0xbf)) return { label: 'utf-8', mark: 3 };
  if (begins(0xff, 0xfe, 0, 0) || begins(0, 0, 0xfe, 0xff)) return { label: 'utf-32', mark: 4 };
  if (begins(0xff, 0xfe)) return { label: 'utf-16le', mark: 2 };
  if (begins(0xfe, 0xff)) return { label: 'utf-16be', mark: 2 };
  return undefined;
}

/** Least share of frequent characters in a text in UTF-16. Other bytes have few: two letters of ASCII are a rare character. */
const LEAST_FREQUENT = 0.3;

/**
 * The encoding of a text in UTF-16 without a byte order mark, told by its look: line breaks and digits in it have a zero
 * byte, which no text in another encoding should have.
 *
 * @param head the first bytes of the text
 */
export function unmarkedUtf16(head: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  if (!head.includes(0)) return undefined;
  const [little, big] = (['utf-16le', 'utf-16be'] as const).map((label) => {
    const letters = Array.from(new TextDecoder(label, { ignoreBOM: true }).decode(head));
    return { label, share: letters.filter(isFrequent).length / letters.length };
  }) as [Shared, Shared];
  const { label, share } = big.share > little.share ? big : little;
  return share < LEAST_FREQUENT ? undefined : label;
}

interface Shared {
  readonly label: 'utf-16le' | 'utf-16be';
  readonly share: number;
}

/** The encodings that a person can choose, by their labels in the Encoding standard. */
export const ENCODINGS = [
  'utf-8',
  'utf-16le',
  'utf-16be',
  'gb18030',
  'big5',
  'shift_jis',
  'euc-jp',
  'euc-kr',
  'windows-1252',
  'windows-1250',
  'windows-1251',
  'windows-1253',
  'windows-1254',
  'windows-1256',
] as const;

/** Names as people write them; other labels are written in capitals. */
const NAMES: Readonly<Record<string, string>> = {
  gb18030: 'GB18030 (GBK)',
  big5: 'Big5',
  shift_jis: 'Shift_JIS',
  'windows-1250': 'Windows-1250 (Central European)',
  'windows-1251': 'Windows-1251 (Cyrillic)',
  'windows-1252': 'Windows-1252 (Latin-1)',
  'windows-1253': 'Windows-1253 (Greek)',
  'windows-1254': 'Windows-1254 (Turkish)',
  'windows-1256': 'Windows-1256 (Arabic)',
  'utf-16le': 'UTF-16',
  'utf-16be': 'UTF-16 (big-endian)',
};

/** The name of an encoding for people. */
export function nameOfEncoding(label: string): string {
  return NAMES[label] ?? label.toUpperCase();
}

/** The name, for messages, of the encoding of a text that is no UTF-8. */
export function encodingName(bytes: Uint8Array): string | Message {
  const label = markedEncoding(bytes)?.label ?? unmarkedUtf16(bytes.subarray(0, 4096));
  if (label !== undefined && label !== 'utf-8') return nameOfEncoding(label);
  const [likely = 'windows-1252'] = likelyEncodings([bytes.subarray(0, 100_000)]);
  return message('encoding_probable', { name: nameOfEncoding(likely) });
}
