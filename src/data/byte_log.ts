/** A file for bytes that memory should not hold. Nothing in it outlives its owner. */
export interface Scratch {
  /** The bytes from `begin` to before `end`. */
  read(begin: number, end: number): Promise<Uint8Array>;
  write(at: number, bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

const PAGE = 2 ** 20;
/** Pages that stay in memory. */
const KEPT_PAGES = 64;

/** Bytes to append and to read at any place: the first 64 MiB in memory, the others in a scratch file. */
export class ByteLog {
  readonly #open: (() => Promise<Scratch>) | undefined;
  readonly #kept: Uint8Array[] = [];
  #scratch: Promise<Scratch> | undefined;
  /** The last page, which still grows. */
  #tail = new Uint8Array(PAGE);
  #size = 0;
  /** The end of the last read. */
  #next = 0;
  /** A page of the scratch file that is read from its beginning to its end. */
  #ahead: { readonly page: number; readonly bytes: Uint8Array } | undefined;

  /** @param open opens an empty scratch file; if undefined, memory holds everything */
  constructor(open?: () => Promise<Scratch>) {
    this.#open = open;
  }

  get size(): number {
    return this.#size;
  }

  /** Rejects as the scratch file does, for instance if the storage is full. */
  async append(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const begin = this.#size % PAGE;
      const part = bytes.subarray(at, at + PAGE - begin);
      this.#tail.set(part, begin);
      at += part.length;
      this.#size += part.length;
      if (begin + part.length === PAGE) await this.#settle(this.#size / PAGE - 1);
    }
  }

  async read(begin: number, end: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(end - begin);
    for (let at = begin; at < end;) {
      const page = Math.floor(at / PAGE);
      const from = at - page * PAGE;
      const to = Math.min(PAGE, end - page * PAGE);
      bytes.set(await this.#part(page, from, to), at - begin);
      at += to - from;
      this.#next = at;
    }
    return bytes;
  }

  async close(): Promise<void> {
    await (await this.#scratch)?.close();
  }

  async #part(page: number, from: number, to: number): Promise<Uint8Array> {
    if (page === Math.floor(this.#size / PAGE)) return this.#tail.subarray(from, to);
    const kept = this.#kept[page];
    if (kept) return kept.subarray(from, to);
    if (this.#ahead?.page === page) return this.#ahead.bytes.subarray(from, to);
    const scratch = await this.#scratch!;
    const first = (page - KEPT_PAGES) * PAGE;
    // A reading that goes on where the last one ended will want the rest of the page too.
    if (page * PAGE + from !== this.#next) return await scratch.read(first + from, first + to);
    const bytes = await scratch.read(first, first + PAGE);
    this.#ahead = { page, bytes };
    return bytes.subarray(from, to);
  }

  async #settle(page: number): Promise<void> {
    if (page < KEPT_PAGES || !this.#open) {
      this.#kept[page] = this.#tail;
      this.#tail = new Uint8Array(PAGE);
      return;
    }
    this.#scratch ??= this.#open();
    await (await this.#scratch).write((page - KEPT_PAGES) * PAGE, this.#tail);
  }
}
