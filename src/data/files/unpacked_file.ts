import type { FileReader } from '../../core/file_reader';

/** Bytes at the beginning that are kept: they are read several times. */
const HEAD = 2 ** 16;

/**
 * A compressed file as a file. It is unpacked as it is read, and never held as a whole: reading onwards is cheap, and
 * reading what lies before begins anew.
 *
 * @param open gives the unpacked bytes in turn
 */
export function unpackedFile(
  name: string,
  size: number,
  open: () => AsyncGenerator<Uint8Array, void, void>,
): FileReader {
  let pieces: AsyncGenerator<Uint8Array, void, void> | undefined;
  let head = new Uint8Array(0);
  /** The newest piece, and where it begins. */
  let piece: Uint8Array = new Uint8Array(0);
  let at = 0;

  const read = async (begin: number, end: number): Promise<Uint8Array<ArrayBuffer>> => {
    const stop = Math.min(end, size);
    if (stop <= head.length) return head.slice(begin, stop);
    if (!pieces || begin < at) {
      pieces = open();
      piece = new Uint8Array(0);
      at = 0;
    }
    const bytes = new Uint8Array(Math.max(0, stop - begin));
    let done = 0;
    while (done < bytes.length) {
      const from = begin + done - at;
      if (from < piece.length) {
        const part = piece.subarray(from, from + bytes.length - done);
        bytes.set(part, done);
        done += part.length;
        continue;
      }
      at += piece.length;
      const next = await pieces.next();
      if (next.done) throw new Error(`${name} has fewer bytes than were counted`);
      piece = next.value;
    }
    if (begin === 0 && head.length === 0) head = bytes.slice(0, HEAD);
    return bytes;
  };

  let last: Promise<unknown> = Promise.resolve();
  return {
    name,
    size,
    read: (begin, end) => {
      const reading = last.then(() => read(begin, end));
      last = reading.catch(() => undefined);
      return reading;
    },
  };
}
