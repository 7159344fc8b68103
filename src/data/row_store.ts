import { GrowingNumbers } from '../core/growing_numbers';
import { losslessText, parseLosslessJson, type LosslessJson } from '../core/lossless_json';
import { ByteLog, type Scratch } from './byte_log';

/** The place of a record in the files. */
export interface RowPlace {
  /** Index of its file. */
  readonly file: number;
  /** Its number within the file, from 1. */
  readonly record: number;
  /** The line of its beginning in the file, from 1, if it is known. */
  readonly line: number | undefined;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The records of all files as they were read, in order. They may be larger than memory. */
export class RowStore {
  readonly #log: ByteLog;
  /** The place of each record in the log, and of the end of the last. */
  readonly #begins = new GrowingNumbers(Float64Array);
  readonly #files = new GrowingNumbers(Uint32Array);
  readonly #records = new GrowingNumbers(Uint32Array);
  /** 0 if it is not known. */
  readonly #lines = new GrowingNumbers(Uint32Array);

  /** @param open as for `ByteLog` */
  constructor(open?: () => Promise<Scratch>) {
    this.#log = new ByteLog(open);
    this.#begins.push(0);
  }

  get length(): number {
    return this.#files.length;
  }

  /** Appends a record. Rejects as the scratch file does. */
  async append(value: LosslessJson, { file, record, line = 0 }: RowPlace): Promise<void> {
    await this.#log.append(encoder.encode(losslessText(value)));
    this.#begins.push(this.#log.size);
    this.#files.push(file);
    this.#records.push(record);
    this.#lines.push(line);
  }

  async value(row: number): Promise<LosslessJson> {
    const bytes = await this.#log.read(this.#begins.at(row), this.#begins.at(row + 1));
    return parseLosslessJson(decoder.decode(bytes));
  }

  place(row: number): RowPlace {
    const line = this.#lines.at(row);
    return {
      file: this.#files.at(row),
      record: this.#records.at(row),
      line: line === 0 ? undefined : line,
    };
  }

  /** Drops the records after the first `rows`. */
  async truncate(rows: number): Promise<void> {
    await this.#log.truncate(this.#begins.at(rows));
    this.#begins.truncate(rows + 1);
    for (const numbers of [this.#files, this.#records, this.#lines]) numbers.truncate(rows);
  }

  /** Frees the scratch file. */
  async close(): Promise<void> {
    await this.#log.close();
  }
}
