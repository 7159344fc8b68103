import { TunesmithError } from '../core/errors';
import { message } from '../core/messages/message';
import type { FileReader } from '../models/files';
import type { FileStore, FileWriter } from '../storage/file_store';
import { contentHash, type ContentHash } from './hash';
import { Intervals, type Interval } from './intervals';
import type { RepositoryFile } from './types';

/** Bytes to read from the disk and hash at a time. */
const HASH_PART = 2 ** 20;

/** A part of a file that one connection downloads. */
export interface Claim {
  /** The next byte to download. */
  at: number;
  end: number;
}

interface WaitingRead {
  readonly range: Interval;
  readonly resolve: (bytes: Promise<Uint8Array<ArrayBuffer>>) => void;
  readonly reject: (error: unknown) => void;
}

/** A file that is being downloaded: the parts that have arrived, and the reads that wait for parts. */
export class ArrivingFile implements FileReader {
  readonly file: RepositoryFile;
  readonly path: string;
  readonly name: string;
  readonly arrived = new Intervals();
  readonly claims = new Set<Claim>();
  /** Whether the server ignores ranges and answers with the whole file. */
  rangeless = false;
  etag: string | undefined;
  /** Whether all bytes have arrived and match the hash. */
  verified = false;
  /** Whether a read may have returned wrong bytes. */
  misread = false;
  readonly #store: FileStore;
  #writer: FileWriter | undefined;
  #stored: FileReader | undefined;
  #failure: { readonly error: unknown } | undefined;
  #wasRead = false;
  #waiting: WaitingRead[] = [];
  #hash: ContentHash | undefined;
  #hashed = 0;
  #hashing: Promise<unknown> = Promise.resolve();

  /** @param path the file's path in the store */
  constructor(store: FileStore, file: RepositoryFile, path: string) {
    this.#store = store;
    this.file = file;
    this.path = path;
    this.name = file.path.split('/').at(-1)!;
  }

  get size(): number {
    return this.file.size;
  }

  get complete(): boolean {
    return this.arrived.prefix === this.size;
  }

  /** @param arrived the parts that were stored when the download was interrupted */
  async open(arrived: readonly Interval[]): Promise<void> {
    this.#writer = await this.#store.openWriter(this.path);
    const stored = Math.min(this.size, await this.#writer.size());
    for (const [begin, end] of arrived) this.arrived.add(begin, Math.min(end, stored));
    this.#hash = await contentHash(this.file);
  }

  /**
   * Claims the next part to download, preferring parts that a read waits for; undefined if all parts have arrived or
   * are claimed.
   */
  claim(most: number, wanted: boolean): Claim | undefined {
    if (this.rangeless && this.claims.size > 0) return undefined;
    const taken = new Intervals(this.arrived.list());
    for (const { at, end } of this.claims) taken.add(at, end);
    const ranges: readonly Interval[] = wanted ? this.#waiting.map(({ range }) => range) : [[0, this.size]];
    const gap = ranges.map(([begin, end]) => taken.firstGap(begin, end)).find((each) => each !== undefined);
    if (gap === undefined) return undefined;
    const whole = taken.firstGap(gap[0], this.size)!;
    const claim = { at: gap[0], end: this.rangeless ? this.size : Math.min(whole[1], gap[0] + most) };
    this.claims.add(claim);
    return claim;
  }

  /**
   * Writes the next bytes of a claim. Never overwrites bytes that have arrived: they may be hashed already, and a
   * server may send wrong bytes beyond the requested range.
   */
  async write(claim: Claim, bytes: Uint8Array): Promise<void> {
    const begin = claim.at;
    const end = begin + bytes.length;
    for (;;) {
      // If `reset` was called meanwhile, these bytes belong to the discarded file.
      const gap = this.claims.has(claim) ? this.arrived.firstGap(begin, end) : undefined;
      if (gap === undefined) break;
      await this.#opened().write(gap[0], bytes.subarray(gap[0] - begin, gap[1] - begin));
      if (this.claims.has(claim)) this.arrived.add(...gap);
    }
    claim.at = end;
    this.#settleReads();
  }

  /**
   * Hashes the bytes that have arrived without a gap. Returns true if the file is complete and wrong; it is then
   * discarded.
   */
  async hashArrived(): Promise<boolean> {
    // One call after the other, because the hash needs the bytes in order.
    const hashing = this.#hashing.then(() => this.#hashOn());
    this.#hashing = hashing;
    return await hashing;
  }

  /** Discards the whole file, so that it is downloaded again. */
  async reset(): Promise<void> {
    this.#hash = await contentHash(this.file);
    this.#hashed = 0;
    this.arrived.clear();
    this.claims.clear();
    this.etag = undefined;
    this.misread ||= this.#wasRead;
    this.#wasRead = false;
  }

  read(begin: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ range: [begin, Math.min(end, this.size)], resolve, reject });
      this.#settleReads();
    });
  }

  get awaited(): boolean {
    return this.#waiting.length > 0;
  }

  async flush(): Promise<void> {
    await this.#writer?.flush();
  }

  /** From now on reads come from the store; or, after a failure, reads of missing parts fail. */
  async close(failure?: { readonly error: unknown }): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    this.#failure = failure;
    this.#settleReads();
    await this.#hashing.catch(() => undefined);
    await writer?.close();
  }

  async #hashOn(): Promise<boolean> {
    if (this.verified) return false;
    while (this.#hashed < this.arrived.prefix) {
      const end = Math.min(this.arrived.prefix, this.#hashed + HASH_PART);
      const bytes = await this.#opened().read(this.#hashed, end);
      // A file that the disk has shortened is as wrong as one with other bytes.
      if (bytes.length === 0) break;
      this.#hash?.update(bytes);
      this.#hashed += bytes.length;
    }
    if (!this.complete) return false;
    this.verified = this.#hashed === this.size && (this.#hash?.matches() ?? true);
    if (!this.verified) await this.reset();
    return !this.verified;
  }

  #settleReads(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const read of waiting) {
      if (this.#failure) read.reject(this.#failure.error);
      else if (this.arrived.has(...read.range)) read.resolve(this.#readStored(...read.range));
      else this.#waiting.push(read);
    }
  }

  async #readStored(begin: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    this.#wasRead = true;
    if (this.#writer) return await this.#writer.read(begin, end);
    // Not as a blob, which may hold gigabytes in memory.
    this.#stored ??= await this.#store.openReader(this.path);
    if (this.#stored) return await this.#stored.read(begin, end);
    throw new TunesmithError({ code: 'downloaded_file_gone', values: { file: this.name } });
  }

  #opened(): FileWriter {
    if (this.#writer) return this.#writer;
    const reason = message('file_download_over', { file: this.name });
    throw new TunesmithError({ code: 'download_failed', values: { reason } });
  }
}
