import type { FileReader } from '../../core/file_reader';
import type { LosslessJson } from '../../core/lossless_json';
import type { Scratch } from '../../data/byte_log';
import { DataFault } from '../../data/files/fault';
import type { Entry, FileFacts, FileOptions } from '../../data/files/format';
import { entriesOf } from '../../data/files/formats';
import { RecordStore } from '../../data/record_store';
import { FoundColumns } from '../../data/shapes/found_columns';

/** A file of records, and how its bytes are read. */
export interface RecordFile {
  readonly file: FileReader;
  readonly options: FileOptions;
}

/** A record in its place. */
export interface ParsedRecord {
  /** Its number within the file, from 1. */
  readonly record: number;
  readonly entry: () => Promise<Entry>;
}

/** A file whose records are being read, or were. */
interface Parsed {
  readonly key: string;
  /** Index of its first record in the store. */
  readonly first: number;
  count: number;
  facts: FileFacts;
  readonly columns: FoundColumns;
  /** Why it can't be used as a whole. */
  fault?: DataFault;
}

/**
 * The records of files. A file is parsed once: whoever shares it gets its records from the store. So a reading with other
 * edits or other settings does not read the files again.
 */
export class ParsedFiles {
  readonly #store: RecordStore;
  readonly #files: Map<FileReader, Parsed>;

  private constructor(store: RecordStore, files: Map<FileReader, Parsed>) {
    this.#store = store;
    this.#files = files;
  }

  /** @param scratch as for `ByteLog` */
  static fresh(scratch: (() => Promise<Scratch>) | undefined): ParsedFiles {
    return new ParsedFiles(new RecordStore(scratch), new Map());
  }

  /** The same records for another reading, which must close them too. */
  share(): ParsedFiles {
    return new ParsedFiles(this.#store.share(), this.#files);
  }

  /** Whether all of these files were parsed in this way. Only of use once they were parsed to their ends. */
  has(files: readonly RecordFile[]): boolean {
    return files.every(({ file, options }) => this.#files.get(file)?.key === keyOf(options));
  }

  /** The number of a file's records, once it was parsed; undefined for another file. */
  count(file: FileReader): number | undefined {
    return this.#files.get(file)?.count;
  }

  /**
   * The records of a file in order.
   *
   * @param reader of the same bytes, to read them if they were not parsed
   * @throws DataFault if the file can't be used; possibly only after some of its records
   */
  async *records({ file, options }: RecordFile, reader = file): AsyncGenerator<ParsedRecord, void, void> {
    const known = this.#files.get(file);
    if (known) {
      for (let at = 0; at < known.count; at++) {
        yield { record: at + 1, entry: () => this.#store.entry(known.first + at) };
      }
      if (known.fault) throw known.fault;
      return;
    }
    const columns = new FoundColumns();
    const parsed: Parsed = { key: keyOf(options), first: this.#store.length, count: 0, facts: {}, columns };
    this.#files.set(file, parsed);
    const tell = (more: FileFacts): void => void (parsed.facts = { ...parsed.facts, ...more });
    try {
      for await (const entry of entriesOf(reader, { options, tell })) {
        await this.#store.append(entry);
        parsed.count++;
        if ('value' in entry) columns.add(entry.value);
        yield { record: parsed.count, entry: () => Promise.resolve(entry) };
      }
    } catch (fault) {
      if (!(fault instanceof DataFault)) throw fault;
      parsed.fault = fault;
      throw fault;
    }
  }

  /** Facts that were found out about a file. */
  about(file: FileReader): Pick<Parsed, 'facts' | 'columns'> {
    return this.#parsed(file);
  }

  /** The value of a record that can be read. */
  async value(file: FileReader, record: number): Promise<LosslessJson> {
    return await this.#store.value(this.#parsed(file).first + record - 1);
  }

  /** Such a record as JSON. */
  async text(file: FileReader, record: number): Promise<string> {
    return await this.#store.text(this.#parsed(file).first + record - 1);
  }

  /** The line of a record's beginning in the file, from 1, if it is known. */
  line(file: FileReader, record: number): number | undefined {
    return this.#store.line(this.#parsed(file).first + record - 1);
  }

  /** Frees the scratch file once all who share it have closed it. */
  async close(): Promise<void> {
    await this.#store.close();
  }

  #parsed(file: FileReader): Parsed {
    const parsed = this.#files.get(file);
    if (parsed) return parsed;
    throw new Error(`${file.name} was not parsed`);
  }
}

function keyOf({ encoding, delimiter, header }: FileOptions): string {
  return JSON.stringify([encoding, delimiter, header]);
}
