import { concatBytes } from '../../core/bytes';
import { encodingName, type Encoded, type Encoding } from './encode';
import { notEncodable } from './float_bytes';
import type { ThreadSource } from './thread';
import { ThreadPool } from './thread_pool';

/** Most weights that a thread encodes at once, unless a single row has more. */
const PORTION = 2 ** 17;

/** A run of whole rows to encode. */
export interface EncodableRun {
  /** The name of their tensor, for errors. */
  readonly name: string;
  readonly encoding: Encoding;
  readonly values: Float32Array<ArrayBuffer>;
}

/** Encodes rows of weights on threads. Their start is put off until there is work. */
export class RowEncoder {
  readonly #source: ThreadSource | undefined;
  #pool: ThreadPool | undefined;

  /** @param source if absent, the calling thread encodes */
  constructor(source?: ThreadSource) {
    this.#source = source;
  }

  /**
   * Encodes a run of rows, which must not change meanwhile.
   *
   * @throws TunesmithError `export_not_finite`, `export_dtype_range` naming the tensor
   */
  async encodeRows({ name, encoding, values }: EncodableRun): Promise<Encoded> {
    const pool = (this.#pool ??= new ThreadPool(this.#source));
    const step = Math.max(1, Math.floor(PORTION / encoding.rowLength)) * encoding.rowLength;
    const portions: Promise<Encoded>[] = [];
    for (let first = 0; first < values.length; first += step) {
      portions.push(pool.encode(encoding, values.subarray(first, first + step)));
    }
    try {
      return joined(await Promise.all(portions));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw notEncodable(name, encodingName(encoding), values, error);
    }
  }

  /**
   * Encodes runs and passes bytes on, in order. While the threads encode a run, the next one is made; no more than
   * these two are in memory.
   */
  async *encode(
    runs: AsyncIterable<EncodableRun | Uint8Array<ArrayBuffer>>,
  ): AsyncGenerator<Encoded, void, void> {
    let previous: Promise<Encoded> | undefined;
    for await (const run of runs) {
      const encoded = run instanceof Uint8Array ? Promise.resolve([run]) : this.encodeRows(run);
      // If making a run or writing an earlier one fails, nobody awaits this one.
      encoded.catch(() => undefined);
      if (previous) yield await previous;
      previous = encoded;
    }
    if (previous) yield await previous;
  }

  /** Ends the threads and rejects unfinished work. Later work starts new threads. */
  close(): void {
    this.#pool?.close();
    this.#pool = undefined;
  }
}

/** The portions' arrays, the first of all joined, then the second, and so on. */
function joined(portions: readonly Encoded[]): Encoded {
  const [first = []] = portions;
  if (portions.length === 1) return first;
  return first.map((_, index) => concatBytes(portions.map((portion) => portion[index]!)));
}
