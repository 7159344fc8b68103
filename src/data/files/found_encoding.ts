import { piecesOf, type FileReader } from '../../core/file_reader';
import { message } from '../../core/messages/message';
import { markedEncoding, nameOfEncoding, unmarkedUtf16, type Encoding } from './encoding';
import { DataFault } from './fault';
import { strictDecoder, strictlyDecoded } from './legacy_decoder';
import { likelyEncodings } from './likely_encodings';

/** Files up to this size are looked at as a whole. */
const WHOLE = 4 * 2 ** 20;
/** Of larger ones: this many parts, spread over the file. */
const PARTS = 64;
const PART = 2 ** 16;

export interface FoundEncoding extends Encoding {
  /** Whether only the text's look told it. */
  readonly guessed: boolean;
}

/**
 * The encoding of a text file: the given one, or the one of its byte order mark, or UTF-8 if a sample of the file is
 * valid in it; otherwise the likeliest encoding in which the whole file can be decoded. Text that is almost UTF-8 counts
 * as damaged UTF-8.
 *
 * @param given a label of the Encoding standard
 * @throws DataFault `encoding` if there is none
 */
export async function encodingOf(file: FileReader, given?: string): Promise<FoundEncoding> {
  const head = await file.read(0, Math.min(4096, file.size));
  const marked = markedEncoding(head);
  if (given !== undefined) {
    const mark = marked?.label === given ? marked.mark : 0;
    return { label: given, mark, guessed: false };
  }
  if (marked?.label === 'utf-32') {
    const reason = message('file_encoding', { encoding: nameOfEncoding(marked.label) });
    throw new DataFault({ code: 'encoding', reason });
  }
  if (marked) return { ...marked, guessed: false };
  const utf16 = unmarkedUtf16(head);
  if (utf16) return { label: utf16, mark: 0, guessed: true };
  const sample = await sampleOf(file);
  if (isAlmostUtf8(sample)) return { label: 'utf-8', mark: 0, guessed: false };
  const likely = likelyEncodings(sample);
  for (const label of likely) {
    if (await canDecode(file, label)) return { label, mark: 0, guessed: true };
  }
  // The text's reader refuses it, and tells the line.
  return { label: likely[0] ?? 'utf-8', mark: 0, guessed: false };
}

/** Parts of the file that begin and end at the borders of characters, whatever the encoding. */
async function sampleOf(file: FileReader): Promise<readonly Uint8Array[]> {
  if (file.size <= WHOLE) return [await file.read(0, file.size)];
  const parts: Uint8Array[] = [];
  for (let part = 0; part < PARTS; part++) {
    const begin = Math.floor(((file.size - PART) * part) / (PARTS - 1));
    const bytes = await file.read(begin, begin + PART);
    // No byte below 0x30 is a part of a character of several bytes.
    const first = bytes.findIndex((byte) => byte < 0x30);
    const last = bytes.findLastIndex((byte) => byte < 0x30);
    if (first >= 0) parts.push(bytes.subarray(first, last + 1));
  }
  return parts;
}

/** Whether the bytes are UTF-8, but for a few. */
function isAlmostUtf8(parts: readonly Uint8Array[]): boolean {
  if (parts.every((part) => strictlyDecoded('utf-8', part) !== undefined)) return true;
  let [valid, wrong] = [0, 0];
  for (const part of parts) {
    const text = new TextDecoder().decode(part);
    for (const [letter] of text.matchAll(/[^\0-\u007f]/gu)) {
      if (letter === '\ufffd') wrong++;
      else valid += letter < '\u0800' ? 2 : 3;
    }
    if (isCut(part)) wrong = Math.max(0, wrong - 1);
  }
  return wrong <= 0.1 * valid;
}

/** Whether bytes end within a character of UTF-8. */
function isCut(bytes: Uint8Array): boolean {
  const begin = bytes.findLastIndex((byte) => byte < 0x80 || byte >= 0xc0);
  const lead = bytes[begin] ?? 0;
  const length = lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  return begin >= 0 && length > bytes.length - begin;
}

async function canDecode(file: FileReader, label: string): Promise<boolean> {
  try {
    const decoder = strictDecoder(label);
    for await (const piece of piecesOf(file)) decoder.decode(piece);
    decoder.end();
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}
