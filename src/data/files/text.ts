import { concatBytes } from '../../core/bytes';
import { piecesOf, type FileReader } from '../../core/file_reader';
import { message } from '../../core/messages/message';
import { nameOfEncoding, type Encoding } from './encoding';
import { DataFault } from './fault';
import { strictDecoder, strictlyDecoded } from './legacy_decoder';

/** Bytes of a piece: small enough that progress, which counts bytes read, moves while records are made. */
const PIECE = 2 ** 18;

/**
 * The text of a file, a piece at a time. Leaves out the byte order mark and never substitutes a letter for bytes that
 * it can't decode.
 *
 * @throws DataFault `encoding` with the line of bytes that are no text in the encoding
 */
export async function* textOf(file: FileReader, encoding: Encoding): AsyncGenerator<string, void, void> {
  const decode = decoderOf(encoding.label);
  let lines = 1;
  for await (const piece of piecesOf(file, PIECE, { begin: encoding.mark, end: file.size })) {
    const text = decode(piece, lines);
    lines += lineBreaks(text);
    yield text;
  }
  const last = decode(undefined, lines);
  if (last !== '') yield last;
}

/**
 * Decodes the pieces of a file in turn, and undefined at its end. `line` is the number of the line in which a piece
 * begins.
 */
type Decode = (piece: Uint8Array | undefined, line: number) => string;

function decoderOf(label: string): Decode {
  return label.startsWith('utf-') ? unicodeDecoder(label) : legacyDecoder(label);
}

/** Keeps the bytes of a character that is not whole: decoders are faster if they need not remember it themselves. */
function unicodeDecoder(label: string): Decode {
  const decoder = new TextDecoder(label, { fatal: true, ignoreBOM: true });
  let rest: Uint8Array = new Uint8Array(0);
  return (piece, line) => {
    if (!piece) {
      if (rest.length > 0) throw undecodable(label, rest, line);
      return '';
    }
    const bytes = rest.length === 0 ? piece : concatBytes([rest, piece]);
    const end = wholeCharacters(bytes, label);
    rest = bytes.slice(end);
    try {
      return decoder.decode(bytes.subarray(0, end));
    } catch {
      throw undecodable(label, bytes, line);
    }
  };
}

function legacyDecoder(label: string): Decode {
  const decoder = strictDecoder(label);
  /** The bytes since the last line break, if that is known. */
  let begun: Uint8Array | undefined = new Uint8Array(0);
  return (piece, line) => {
    try {
      if (!piece) {
        decoder.end();
        return '';
      }
      const text = decoder.decode(piece);
      const lineEnd = piece.lastIndexOf(10);
      begun = lineEnd >= 0 ? piece.subarray(lineEnd + 1) : undefined;
      return text;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      const bytes = concatBytes([begun ?? new Uint8Array(0), piece ?? new Uint8Array(0)]);
      throw undecodable(label, bytes, line, begun !== undefined);
    }
  };
}

/** How many of the bytes form whole characters: the rest of the last one may be in the next piece. */
function wholeCharacters(bytes: Uint8Array, label: string): number {
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

/**
 * Tells the first line that can't be decoded.
 *
 * @param bytes from a line's beginning, or from some place within a line, whose part is then tried last
 * @param line number of the line in which the bytes begin
 */
function undecodable(label: string, bytes: Uint8Array, line: number, fromBeginning = true): DataFault {
  let found = line;
  for (let at = line, begin = 0; begin < bytes.length; at++) {
    const end = lineEnd(bytes, begin, label);
    const tried = at > line || fromBeginning;
    if (tried && strictlyDecoded(label, bytes.subarray(begin, end)) === undefined) {
      found = at;
      break;
    }
    begin = end;
  }
  const reason = message('file_undecodable', { encoding: nameOfEncoding(label) });
  return new DataFault({ code: 'encoding', reason, line: found });
}

/** Offset behind the next line feed. Its byte is a part of no other character in all encodings but UTF-16. */
function lineEnd(bytes: Uint8Array, begin: number, label: string): number {
  const wide = label.startsWith('utf-16');
  for (let at = bytes.indexOf(10, begin); at >= 0; at = bytes.indexOf(10, at + 1)) {
    if (!wide) return at + 1;
    const other = label === 'utf-16le' ? at + 1 : at - 1;
    if (Math.min(at, other) % 2 === 0 && bytes[other] === 0) return Math.max(at, other) + 1;
  }
  return bytes.length;
}
