import { TunesmithError } from '../core/errors';
import { message } from '../core/messages/message';
import type { FileReader } from '../models/files';
import type { FileStore, FileWriter } from '../storage/file_store';
import { contentHash, type ContentHash } from './hash';
import { Intervals, type Interval } from './intervals';
import type { RepositoryFile } from './types';

/** Read from the disk and hashed at a time. */
const HASH_PART = 2 ** 20;

/** A part of a file that one connection is fetching. */
export interface Claim {
  /** The next byte wanted. */
  at: number;
  end: number;
}

interface WaitingRead {
  readonly range: Interval;
  readonly resolve: (bytes: Promise<Uint8Array<ArrayBuffer>>) => void;
  readonly reject: (error: unknown) => void;
}

/** A file that is being downloaded: what of it is here, and who waits for what of it. */
export class ArrivingFile implements FileReader {
  readonly file: RepositoryFile;
  readonly path: string;
  readonly name: string;
  readonly arrived = new Intervals();
  readonly claims = new Set<Claim>();
  /** The server answers any range with the whole file. */
  rangeless = false;
  etag: string | undefined;
  /** All bytes are here and are the right ones. */
  verified = false;
  /** Something read from it may have been wrong. */
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

  /** @param path where the store keeps it */
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

  /** @param arrived what was here when the download was interrupted */
  async open(arrived: readonly Interval[]): Promise<void> {
    this.#writer = await this.#store.openWriter(this.path);
    const stored = Math.min(this.size, await this.#writer.size());
    for (const [begin, end] of arrived) this.arrived.add(begin, Math.min(end, stored));
    this.#hash = await contentHash(this.file);
  }

  /** The next part to fetch, of what somebody waits for where there is such; undefined if all is here or claimed. */
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
   * Writes the next bytes of what was claimed, but none over what is here: that may have been hashed already, and what a
   * server sends along with what was asked for may be wrong.
   */
  async write(claim: Claim, bytes: Uint8Array): Promise<void> {
    const begin = claim.at;
    const end = begin + bytes.length;
    for (;;) {
      // Where all was thrown away meanwhile, these bytes are of a file that is no more.
      const gap = this.claims.has(claim) ? this.arrived.firstGap(begin, end) : undefined;
      if (gap === undefined) break;
      await this.#opened().write(gap[0], bytes.subarray(gap[0] - begin, gap[1] - begin));
      if (this.claims.has(claim)) this.arrived.add(...gap);
    }
    claim.at = end;
    this.#settleReads();
  }

  /** Hashes what is here without a gap. True if all was here and wrong: then it was thrown away. */
  async hashArrived(): Promise<boolean> {
    // One after the other: the hash is told the bytes in order.
    const hashing = this.#hashing.then(() => this.#hashOn());
    this.#hashing = hashing;
    return await hashing;
  }

  /** Throws all of it away, to be fetched again. */
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

  /** Reads from the store from now on, or fails all reads of what isn't here. */
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
      // What the disk has lost is as wrong as what is other.
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
    // Not as a blob: that may be all of a file of gigabytes in memory.
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
