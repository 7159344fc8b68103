import { sha256Hex } from '../../core/bytes';
import type { FileReader } from '../../core/file_reader';
import { Intervals } from '../../hub/intervals';
import { PIECE_BYTES } from '../../models/pieces';

/** Most pieces of which a part has been read and the rest is awaited; further ones are read again at the end. */
const MOST_PARTIAL = 6;

/**
 * The hash of weights, computed from the bytes that loading reads anyway: SHA-256 over the SHA-256 of each 8 MiB of
 * each file. Bytes that loading skips, or reads in distant parts, are read at the end.
 */
export class WeightsHash {
  readonly #watched = new Map<FileReader, FileHash>();
  #watching = true;

  /** Wraps a file so that its reads are hashed. */
  watch(file: FileReader): FileReader {
    const hash = new FileHash(file);
    const watched: FileReader = {
      ...file,
      read: async (begin, end, into) => {
        const bytes = await file.read(begin, end, into);
        if (this.#watching) await hash.see(begin, bytes);
        return bytes;
      },
    };
    this.#watched.set(watched, hash);
    return watched;
  }

  /** Stops hashing reads, because the hash is already known. */
  stop(): void {
    this.#watching = false;
  }

  /** Forgets the bytes read so far, because the files will be read again and may have changed. */
  restart(): void {
    for (const hash of this.#watched.values()) hash.clear();
  }

  /** The hash of watched files, in this order. */
  async of(files: readonly FileReader[]): Promise<string> {
    const hashes: (readonly string[])[] = [];
    for (const file of files) hashes.push(await (this.#watched.get(file) ?? new FileHash(file)).finish());
    return await sha256Hex(new TextEncoder().encode(JSON.stringify(hashes)));
  }
}

/** The hashes of a file's pieces. */
class FileHash {
  readonly #file: FileReader;
  readonly #hashes = new Map<number, Promise<string>>();
  /** Partly read pieces by number, in the order of their first read. */
  readonly #partial = new Map<number, { readonly bytes: Uint8Array; readonly seen: Intervals }>();

  constructor(file: FileReader) {
    this.#file = file;
  }

  clear(): void {
    this.#hashes.clear();
    this.#partial.clear();
  }

  /** Resolves when the bytes are no longer needed, so that hashing does not fall behind reading. */
  async see(begin: number, bytes: Uint8Array): Promise<void> {
    const end = begin + bytes.length;
    for (let piece = Math.floor(begin / PIECE_BYTES); piece * PIECE_BYTES < end; piece++) {
      if (this.#hashes.has(piece)) continue;
      const [first, last] = this.#range(piece);
      const from = Math.max(begin, first);
      const to = Math.min(end, last);
      const part = bytes.subarray(from - begin, to - begin);
      if (from === first && to === last) await this.#hash(piece, part);
      else await this.#join(piece, from, part);
    }
  }

  async finish(): Promise<readonly string[]> {
    const hashes: string[] = [];
    for (let piece = 0; piece * PIECE_BYTES < this.#file.size; piece++) {
      hashes.push(
        await (this.#hashes.get(piece) ?? this.#hash(piece, await this.#file.read(...this.#range(piece)))),
      );
    }
    this.#partial.clear();
    return hashes;
  }

  async #join(piece: number, at: number, part: Uint8Array): Promise<void> {
    const [first, last] = this.#range(piece);
    let partial = this.#partial.get(piece);
    if (!partial) {
      partial = { bytes: new Uint8Array(last - first), seen: new Intervals() };
      this.#partial.set(piece, partial);
      const [oldest] = this.#partial.keys();
      if (this.#partial.size > MOST_PARTIAL && oldest !== undefined) this.#partial.delete(oldest);
    }
    partial.bytes.set(part, at - first);
    partial.seen.add(at, at + part.length);
    if (!partial.seen.has(first, last)) return;
    this.#partial.delete(piece);
    await this.#hash(piece, partial.bytes);
  }

  async #hash(piece: number, bytes: Uint8Array): Promise<string> {
    const hash = sha256Hex(bytes);
    this.#hashes.set(piece, hash);
    return await hash;
  }

  #range(piece: number): [number, number] {
    return [piece * PIECE_BYTES, Math.min((piece + 1) * PIECE_BYTES, this.#file.size)];
  }
}
