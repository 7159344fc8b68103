import type { Scratch } from '../../../src/data/byte_log';

/** A scratch file in memory that counts its bytes. */
export function scratchFile(): Scratch & { size: number; closed: boolean } {
  let bytes = new Uint8Array();
  return {
    size: 0,
    closed: false,
    read: (begin, end) => Promise.resolve(bytes.slice(begin, end)),
    write(at, part) {
      this.size = Math.max(this.size, at + part.length);
      if (this.size > bytes.length) {
        const larger = new Uint8Array(2 * this.size);
        larger.set(bytes);
        bytes = larger;
      }
      bytes.set(part, at);
      return Promise.resolve();
    },
    close() {
      this.closed = true;
      return Promise.resolve();
    },
  };
}
