import { GrowingNumbers } from '../core/growing_numbers';
import { losslessText, parseLosslessJson, type LosslessJson } from '../core/lossless_json';
import { ByteLog, type Scratch } from './byte_log';
import type { Fault } from './files/fault';
import type { Entry } from './files/format';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Stands before a fault. No JSON text begins with it. */
const FAULT = '!';

/** The records of files as their formats read them, in order. They may be larger than memory. */
export class RecordStore {
  readonly #log: ByteLog;
  /** The place of each record in the log, and of the end of the last. */
  readonly #begins = new GrowingNumbers(Float64Array);
  /** The line of each record; 0 if it is not known. */
  readonly #lines = new GrowingNumbers(Uint32Array);
  #users = 1;

  /** @param open as for `ByteLog` */
  constructor(open?: () => Promise<Scratch>) {
    this.#log = new ByteLog(open);
    this.#begins.push(0);
  }

  get length(): number {
    return this.#lines.length;
  }

  /** Appends a record, or why it can't be read. Rejects as the scratch file does. */
  async append(entry: Entry): Promise<void> {
    const text = 'fault' in entry ? FAULT + JSON.stringify(entry.fault) : losslessText(entry.value);
    await this.#log.append(encoder.encode(text));
    this.#begins.push(this.#log.size);
    this.#lines.push(('fault' in entry ? entry.fault.line : entry.line) ?? 0);
  }

  async entry(index: number): Promise<Entry> {
    const text = await this.text(index);
    if (text.startsWith(FAULT)) return { fault: JSON.parse(text.slice(FAULT.length)) as Fault };
    const line = this.line(index);
    return { value: parseLosslessJson(text), ...(line !== undefined && { line }) };
  }

  /** A record that can be read. */
  async value(index: number): Promise<LosslessJson> {
    return parseLosslessJson(await this.text(index));
  }

  /** Such a record as JSON. */
  async text(index: number): Promise<string> {
    return decoder.decode(await this.#log.read(this.#begins.at(index), this.#begins.at(index + 1)));
  }

  line(index: number): number | undefined {
    const line = this.#lines.at(index);
    return line === 0 ? undefined : line;
  }

  /** Lets another user have the store, who must close it too. */
  share(): this {
    this.#users++;
    return this;
  }

  /** Frees the scratch file once each user has closed the store. */
  async close(): Promise<void> {
    if (--this.#users === 0) await this.#log.close();
  }
}
