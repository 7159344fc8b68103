import { concatBytes } from '../../core/bytes';
import { piecesOf, type FileReader } from '../../core/file_reader';
import { message, type Message } from '../../core/messages/message';
import { encodingOf, probableEncoding, type Encoding } from './encoding';
import { DataFault } from './fault';

/** Bytes of a piece: small enough that progress, which counts bytes read, moves while records are made. */
const PIECE = 2 ** 18;

/**
 * The text of a file, a piece at a time: UTF-8, or UTF-16 if a byte order mark says so. Leaves out the mark and never
 * substitutes a letter for bytes that it can't decode.
 *
 * @throws DataFault `encoding` with the line, for any other encoding
 */
export async function* textOf(file: FileReader): AsyncGenerator<string, void, void> {
  const encoding = encodingOf(await file.read(0, Math.min(4, file.size)));
  if ('unread' in encoding) throw otherEncoding(encoding.unread);
  const decode = new TextDecoder(encoding.label, { fatal: true, ignoreBOM: true });
  let rest = new Uint8Array(0);
  let lines = 1;
  let skipped = encoding.mark;
  for await (const piece of piecesOf(file, PIECE)) {
    const bytes = rest.length === 0 ? piece.subarray(skipped) : concatBytes([rest, piece]);
    skipped = 0;
    const end = wholeCharacters(bytes, encoding);
    rest = bytes.slice(end);
    const text = decoded(decode, bytes.subarray(0, end));
    if (text === undefined) throw undecodable(bytes, encoding, lines);
    lines += lineBreaks(text);
    yield text;
  }
  if (rest.length > 0) throw undecodable(rest, encoding, lines);
}

function decoded(decoder: TextDecoder, bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** How many of the bytes form whole characters: the rest of the last one may be in the next piece. */
function wholeCharacters(bytes: Uint8Array, { label }: Encoding): number {
  if (label === 'utf-8') {
    // A character has four bytes at most.
    for (let back = 1; back <= Math.min(3, bytes.length); back++) {
      const byte = bytes[bytes.length - back] ?? 0;
      if (byte < 0x80) return bytes.length;
      if (byte < 0xc0) continue; // not the first byte of a character
      const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
      return length > back ? bytes.length - back : bytes.length;
    }
    return bytes.length;
  }
  const even = bytes.length - (bytes.length % 2);
  const high = bytes[label === 'utf-16le' ? even - 1 : even - 2] ?? 0;
  return high >= 0xd8 && high < 0xdc ? even - 2 : even; // the first half of a pair
}

function lineBreaks(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

/** @param lines number of the line in which the bytes begin */
function undecodable(bytes: Uint8Array, { label }: Encoding, lines: number): DataFault {
  let [good, bad] = [0, bytes.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    const decoder = new TextDecoder(label, { fatal: true });
    try {
      decoder.decode(bytes.subarray(0, middle), { stream: true });
      good = middle;
    } catch {
      bad = middle;
    }
  }
  const line = lines + lineBreaks(new TextDecoder(label).decode(bytes.subarray(0, good)));
  if (label !== 'utf-8') {
    const reason = message('file_half_character');
    return new DataFault({ code: 'encoding', reason, line });
  }
  const start = bytes.subarray(0, good).lastIndexOf(10) + 1;
  const stop = bytes.indexOf(10, good + 20_000);
  const name = probableEncoding(bytes.subarray(start, stop < 0 ? undefined : stop));
  return otherEncoding(message('encoding_probable', { name }), line);
}

function otherEncoding(encoding: string | Message, line?: number): DataFault {
  const reason = message('file_encoding', { encoding });
  return new DataFault({ code: 'encoding', reason, line });
}
