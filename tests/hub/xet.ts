import { createHash } from 'node:crypto';
import type { Answer } from './answer';

/** The token of the store of pieces, which the hub hands out. */
const TOKEN = 'xet-write-token';

/** Bytes of a hash, of the header of a shard, and of an entry of its list of files. */
const [HASH, HEADER, ENTRY] = [32, 48, 48];
const END = 'f'.repeat(2 * HASH);
/** Flags of a file in a shard: hashes of its ranges follow, and its SHA-256. */
const [VERIFIED, NAMED] = [0x80000000, 0x40000000];

/**
 * The store of Xet, which takes large files in pieces: xorbs hold the chunks, and shards say which of them are a file.
 * Specification: https://huggingface.co/docs/xet.
 */
export class XetStore {
  /** Chunks of xorbs by the xorb's hash. */
  readonly #xorbs = new Map<string, readonly Buffer[]>();

  /** The hub’s answer about a file that it lacks. */
  static action(store: string, refresh: string) {
    const expires = Math.floor(Date.now() / 1000) + 3600;
    const token = { 'X-Xet-Access-Token': TOKEN, 'X-Xet-Token-Expiration': String(expires) };
    return { upload: { href: refresh, header: { 'X-Xet-Cas-Url': store, ...token } } };
  }

  /** @param add called with each whole file and its SHA-256 */
  answer(
    path: string,
    authorization: string | undefined,
    body: Buffer,
    add: (sha256: string, content: Buffer) => void,
  ): Answer {
    if (authorization !== `Bearer ${TOKEN}`) return { status: 401, body: { error: 'Unauthorized' } };
    const [, , what, , hash = ''] = path.split('/');
    // No chunk is here from another file.
    if (what === 'chunks') return { status: 404 };
    if (what === 'xorbs') this.#xorbs.set(hash, chunksOf(body));
    else for (const [sha256, content] of this.#filesOf(body)) add(sha256, content);
    return { status: 200, body: { was_inserted: true, result: 1 } };
  }

  /** The files that a shard describes, by their SHA-256. Throws if one is not what it says. */
  *#filesOf(shard: Buffer): Generator<readonly [string, Buffer]> {
    let at = HEADER;
    const take = (bytes: number): Buffer => shard.subarray(at, (at += bytes));
    for (let entry = take(ENTRY); hashAt(entry) !== END; entry = take(ENTRY)) {
      const [flags, count] = [entry.readUInt32LE(HASH), entry.readUInt32LE(HASH + 4)];
      if (flags !== VERIFIED + NAMED) throw new Error(`a file in a shard has the flags ${flags}`);
      const ranges = Array.from({ length: count }, () => take(ENTRY));
      const content = Buffer.concat(ranges.flatMap((range) => this.#chunks(range)));
      take(count * ENTRY);
      const sha256 = hashAt(take(ENTRY));
      if (createHash('sha256').update(content).digest('hex') !== sha256)
        throw new Error('the pieces are not the file');
      yield [sha256, content];
    }
  }

  #chunks(range: Buffer): readonly Buffer[] {
    const [begin, end] = [range.readUInt32LE(HASH + 8), range.readUInt32LE(HASH + 12)];
    const chunks = this.#xorbs.get(hashAt(range));
    if (!chunks || end > chunks.length) throw new Error('a shard names chunks that were not sent');
    return chunks.slice(begin, end);
  }
}

/** Hashes are stored as four integers of 64 bits. */
function hashAt(bytes: Buffer): string {
  return [0, 8, 16, 24].map((at) => bytes.readBigUInt64LE(at).toString(16).padStart(16, '0')).join('');
}

/** The chunks of a xorb, each behind 8 bytes: version, length, kind of compression, length without it. */
function chunksOf(xorb: Buffer): readonly Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < xorb.length;) {
    const [length, compression] = [xorb.readUIntLE(at + 1, 3), xorb.readUInt8(at + 4)];
    // Noise is not compressed, and models of tests are noise.
    if (compression !== 0) throw new Error('a chunk is compressed');
    chunks.push(xorb.subarray(at + 8, at + 8 + length));
    at += 8 + length;
  }
  return chunks;
}
