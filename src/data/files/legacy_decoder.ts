/**
 * A strict decoder of one encoding, for a text that comes in pieces.
 *
 * Node's decoders differ from the Encoding standard: windows-1252 reads as ISO 8859-1, and bytes without a meaning in
 * Big5, EUC-KR or GBK become private characters. The first is decoded here, and the second counts as undecodable.
 */
export interface StrictDecoder {
  /** The text of the next bytes; a character that is not whole waits for the next piece. @throws TypeError */
  decode(bytes: Uint8Array): string;
  /** Ends the text. @throws TypeError if its last character is not whole */
  end(): void;
}

export function strictDecoder(label: string): StrictDecoder {
  if (label === 'windows-1252') return { decode: windows1252, end: () => undefined };
  const decoder = new TextDecoder(label, { fatal: true, ignoreBOM: true });
  const mayBePrivate = label.startsWith('utf-');
  const checked = (text: string): string => {
    if (!mayBePrivate && PRIVATE.test(text)) throw new TypeError('bytes without a meaning');
    return text;
  };
  return {
    decode: (bytes) => checked(decoder.decode(bytes, { stream: true })),
    end: () => void checked(decoder.decode()),
  };
}

/** The text of whole bytes; undefined if they can't be decoded. */
export function strictlyDecoded(label: string, bytes: Uint8Array): string | undefined {
  try {
    const decoder = strictDecoder(label);
    const text = decoder.decode(bytes);
    decoder.end();
    return text;
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Private characters, and the control characters that decoders give for bytes without a meaning. */
const PRIVATE = /[\u0080-\u009f\ue000-\uf8ff]/;

/** Characters of the bytes 0x80 to 0x9f (https://encoding.spec.whatwg.org/index-windows-1252.txt); a space for none. */
const UPPER = '€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ';

function windows1252(bytes: Uint8Array): string {
  const units = new Uint16Array(bytes);
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte < 0x80 || byte > 0x9f) continue;
    const unit = UPPER.charCodeAt(byte - 0x80);
    if (unit === 0x20) throw new TypeError('bytes without a meaning');
    units[at] = unit;
  }
  let text = '';
  for (let at = 0; at < units.length; at += 4096)
    text += String.fromCharCode(...units.subarray(at, at + 4096));
  return text;
}
