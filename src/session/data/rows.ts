import { GrowingNumbers } from '../../core/growing_numbers';
import { losslessText, type LosslessJson } from '../../core/lossless_json';
import { addedIn, type DataSource } from './data_source';
import type { ParsedFiles } from './parsed_files';

/** The place of a row in the files. */
export interface RowPlace {
  /** Index of its file. */
  readonly file: number;
  /** Its number within the file, from 1. */
  readonly record: number;
  /** The line of its beginning in the file, from 1, if it is known. */
  readonly line: number | undefined;
}

/** Facts about a row, without its value. */
export interface RowFacts extends Pick<RowPlace, 'file' | 'record'> {
  /** Those of `ROW_FLAGS` that reading alone decides. */
  readonly flags: number;
  /** Its share in the counts, from `marksOf`. */
  readonly marks: number;
  /** Its content key; 0 if it is not learnt. */
  readonly content: number;
}

/** The records of all files that can be read, with the person's changes, in order. */
export class Rows {
  readonly #sources: readonly DataSource[];
  readonly #parsed: ParsedFiles;
  readonly #files = new GrowingNumbers(Uint32Array);
  readonly #records = new GrowingNumbers(Uint32Array);
  readonly #flags = new GrowingNumbers(Uint32Array);
  readonly #marks = new GrowingNumbers(Uint32Array);
  readonly #contents = new GrowingNumbers(Float64Array);

  constructor(sources: readonly DataSource[], parsed: ParsedFiles) {
    this.#sources = sources;
    this.#parsed = parsed;
  }

  get length(): number {
    return this.#files.length;
  }

  push({ file, record, flags, marks, content }: RowFacts): void {
    this.#files.push(file);
    this.#records.push(record);
    this.#flags.push(flags);
    this.#marks.push(marks);
    this.#contents.push(content);
  }

  flags(row: number): number {
    return this.#flags.at(row);
  }

  marks(row: number): number {
    return this.#marks.at(row);
  }

  content(row: number): number {
    return this.#contents.at(row);
  }

  async value(row: number): Promise<LosslessJson> {
    const { source, record, own } = this.#found(row);
    return own !== undefined ? own : await this.#parsed.value(source.file, record);
  }

  /** The value as JSON. */
  async text(row: number): Promise<string> {
    const { source, record, own } = this.#found(row);
    return own !== undefined ? losslessText(own) : await this.#parsed.text(source.file, record);
  }

  /** A row's source, and its value if it does not come from the file. */
  #found(row: number): {
    readonly source: DataSource;
    readonly record: number;
    readonly own: LosslessJson | undefined;
  } {
    const record = this.#records.at(row);
    const source = this.#sources[this.#files.at(row)]!;
    const edited = source.edits.get(record)?.value;
    return { source, record, own: edited !== undefined ? edited : addedIn(source)?.[record - 1]?.value };
  }

  place(row: number): RowPlace {
    const [file, record] = [this.#files.at(row), this.#records.at(row)];
    const source = this.#sources[file]!;
    return { file, record, line: addedIn(source) ? undefined : this.#parsed.line(source.file, record) };
  }

  /** Drops the rows after the first `length`. */
  truncate(length: number): void {
    for (const numbers of [this.#files, this.#records, this.#flags, this.#marks, this.#contents]) {
      numbers.truncate(length);
    }
  }
}
