import { fieldsOf, losslessText, parseLosslessJson, type LosslessJson } from '../../core/lossless_json';
import { TimeSlices } from '../../core/time_slices';
import { countsOf, type LengthCounts } from '../../data/length_counts';
import { contentKey } from '../../data/content_key';
import type { Sample } from '../../data/messages';
import type { Mapping } from '../../data/shapes';
import type { Assembled } from './assembling';
import type { Reading } from './reading';
import type { MadeOfValue } from './row_contents';
import { bitOf, flagsIn, hasFlag, type RowFlag } from './row_flags';
import { questionsIn } from './row_marks';

export const ROW_ORDERS = ['row', 'file', 'tokens', 'targets'] as const;
export type RowOrder = (typeof ROW_ORDERS)[number];

/** The least and the largest number. */
export type Range = readonly [number, number];

/** The rows that a person wants to see. */
export interface RowQuery {
  /** A text that occurs in the row, in any case. */
  readonly search?: string;
  /** Only rows with this flag. */
  readonly flag?: RowFlag;
  /** Only rows of this file. */
  readonly file?: string;
  /** Only rows with a number of tokens from the first to the second, before the cut. */
  readonly length?: Range;
  /** Only conversations with a number of questions from the first to the second. */
  readonly questions?: Range;
  readonly order?: RowOrder;
  readonly descending?: boolean;
}

/** A row of the table. */
export interface RowReport {
  /** Its number among all rows, from 0. */
  readonly row: number;
  readonly file: string;
  /** Its number within the file, from 1. */
  readonly record: number;
  readonly line: number | undefined;
  /** Tokens of its examples, after the cut. */
  readonly tokens: number;
  readonly targets: number;
  readonly flags: readonly RowFlag[];
  /** The beginnings of a question and its answer, or of a text. */
  readonly texts: readonly string[];
}

export interface RowsPage {
  /** How many rows match. */
  readonly total: number;
  readonly rows: readonly RowReport[];
}

/** A row, opened. */
export interface OpenedRow extends MadeOfValue {
  readonly report: RowReport;
  /** As JSON. */
  readonly value: string;
}

/** Rows to which a mapping is tried. */
const TRIED = 20;

/** UTF-16 units of a text in the table. */
const SHOWN = 200;

/** Flags of rows that training does not learn. */
const NOT_LEARNT = ['refused', 'proposed', 'excluded', 'heldOut', 'leaked', 'undrawn', 'dropped'] as const;

interface Found {
  readonly key: string;
  readonly rows: Promise<Uint32Array>;
  readonly stop: AbortController;
}

type TableReading = Pick<Reading, 'rows' | 'examples' | 'rowSample' | 'made' | 'tried'>;

/** All rows of a data set, to look at, to search and to sort. */
export class RowTable {
  readonly #reading: TableReading;
  readonly #files: readonly string[];
  readonly #flags: Uint32Array;
  readonly #tokens: Uint32Array;
  readonly #targets: Uint32Array;
  /** Tokens of each row before the cut. */
  readonly #lengths: Uint32Array;
  /** The rows of the last query, and the end of its search. */
  #found: Found | undefined;

  /** @param files the names of the files */
  constructor(
    reading: TableReading,
    { train, heldOut, leakedExamples }: Assembled,
    files: readonly string[],
  ) {
    const { rows, examples } = reading;
    this.#reading = reading;
    this.#files = files;
    this.#flags = Uint32Array.from({ length: rows.length }, (_, row) => rows.flags(row));
    this.#tokens = new Uint32Array(rows.length);
    this.#targets = new Uint32Array(rows.length);
    this.#lengths = new Uint32Array(rows.length);
    for (let index = 0; index < examples.length; index++) {
      const row = examples.row(index);
      this.#tokens[row]! += examples.tokens(index);
      this.#targets[row]! += examples.targets(index);
      this.#lengths[row]! += examples.whole(index) ?? examples.tokens(index);
      if (examples.whole(index) !== undefined) this.#flags[row]! |= bitOf('cut');
    }
    for (const index of heldOut) this.#flags[examples.row(index)]! |= bitOf('heldOut');
    for (const index of leakedExamples) this.#flags[examples.row(index)]! |= bitOf('leaked');
    const drawn = new Uint8Array(rows.length);
    for (const indices of [train, heldOut, leakedExamples]) {
      for (const index of indices) drawn[examples.row(index)] = 1;
    }
    for (let index = 0; index < examples.length; index++) {
      const row = examples.row(index);
      if (drawn[row] === 0) this.#flags[row]! |= bitOf('undrawn');
    }
  }

  get length(): number {
    return this.#flags.length;
  }

  /** How many rows have each flag. */
  count(flag: RowFlag): number {
    return this.#flags.reduce((sum, bits) => sum + (hasFlag(bits, flag) ? 1 : 0), 0);
  }

  /**
   * The matching rows from the `first` on. Lets others run while it searches. A call with another query stops the search,
   * whose calls then reject with an `AbortError`.
   */
  async page(query: RowQuery, first: number, count: number): Promise<RowsPage> {
    const key = JSON.stringify(query);
    if (this.#found?.key !== key) {
      this.#found?.stop.abort();
      const stop = new AbortController();
      this.#found = { key, stop, rows: this.#find(query, stop.signal) };
    }
    const rows = await this.#found.rows;
    const shown: RowReport[] = [];
    for (const row of rows.subarray(first, first + count)) shown.push(await this.#report(row));
    return { total: rows.length, rows: shown };
  }

  /** A row, as JSON too, with what is made of it. Throws a `RangeError` if there is no such row. */
  async detail(row: number): Promise<OpenedRow> {
    const value = await this.#reading.rows.value(row);
    const made = this.#reading.made(value, row);
    return { report: await this.#report(row), value: losslessText(value), ...made };
  }

  /**
   * A row of a file with other names of its columns: the first that can be used with them, or else the very first.
   * Undefined if the file has no rows.
   */
  async tried(file: string, mapping: Mapping): Promise<OpenedRow | undefined> {
    const { rows } = this.#reading;
    let first: OpenedRow | undefined;
    let tried = 0;
    for (let row = 0; row < this.length && tried < TRIED; row++) {
      if (this.#files[rows.place(row).file] !== file) continue;
      tried++;
      const value = await rows.value(row);
      const made = this.#reading.tried(value, row, mapping);
      const opened = { report: await this.#report(row), value: losslessText(value), ...made };
      if (!made.problem) return opened;
      first ??= opened;
    }
    return first;
  }

  /** How many conversations have each number of questions. */
  questions(): LengthCounts {
    const { rows } = this.#reading;
    const all = Uint32Array.from({ length: this.length }, (_, row) => questionsIn(rows.marks(row)));
    const conversations = all.filter((questions) => questions > 0);
    return countsOf(conversations.length, (index) => conversations[index]!);
  }

  /** The content of the matching rows that training may learn: not the ones for evaluation, left out or proposed. */
  async *learnt(query: RowQuery, signal?: AbortSignal): AsyncGenerator<Sample, void, void> {
    for (const row of await this.#find(query, signal)) {
      if (NOT_LEARNT.some((flag) => hasFlag(this.#flags[row]!, flag))) continue;
      const sample = this.#reading.rowSample(await this.#reading.rows.value(row), row);
      if (sample) yield sample;
    }
  }

  /** The content keys of all rows that can be read, those for evaluation, left out and proposed included. */
  async *contents(signal?: AbortSignal): AsyncGenerator<number, void, void> {
    const { rows } = this.#reading;
    const slices = new TimeSlices(signal);
    for (let row = 0; row < this.length; row++) {
      await slices.giveWay();
      const known = rows.content(row);
      const sample = known === 0 ? this.#reading.rowSample(await rows.value(row), row) : undefined;
      if (known !== 0) yield known;
      else if (sample) yield contentKey(sample);
    }
  }

  async #find(query: RowQuery, signal?: AbortSignal): Promise<Uint32Array> {
    const { flag, file, search = '', order = 'row', descending = false, length, questions } = query;
    const wanted = searchable(search);
    // JSON writes such a text as it is, and reading JSON takes longer than looking through it.
    const isPlain = JSON.stringify(wanted) === `"${wanted}"`;
    const slices = new TimeSlices(signal);
    const found: number[] = [];
    for (let row = 0; row < this.length; row++) {
      if (flag && !hasFlag(this.#flags[row]!, flag)) continue;
      if (file !== undefined && this.#files[this.#reading.rows.place(row).file] !== file) continue;
      if (length && !isWithin(this.#lengths[row]!, length)) continue;
      if (questions && !isWithin(questionsIn(this.#reading.rows.marks(row)), questions)) continue;
      if (wanted !== '') {
        await slices.giveWay();
        const text = await this.#reading.rows.text(row);
        if (isPlain && !searchable(text).includes(wanted)) continue;
        if (!searchable(textsIn(parseLosslessJson(text))).includes(wanted)) continue;
      }
      found.push(row);
    }
    const rows = Uint32Array.from(found);
    if (order !== 'row') {
      const keys = this.#keys(order);
      // Equal rows stay in their order.
      rows.sort((a, b) => (descending ? keys(b) - keys(a) : keys(a) - keys(b)) || a - b);
    } else if (descending) rows.reverse();
    return rows;
  }

  #keys(order: Exclude<RowOrder, 'row'>): (row: number) => number {
    if (order === 'file') return (row) => this.#reading.rows.place(row).file;
    const counts = order === 'tokens' ? this.#tokens : this.#targets;
    return (row) => counts[row]!;
  }

  async #report(row: number): Promise<RowReport> {
    const { file, record, line } = this.#reading.rows.place(row);
    const value = await this.#reading.rows.value(row);
    const sample = this.#reading.rowSample(value, row);
    const texts = sample ? shownTexts(sample) : [losslessText(value)];
    return {
      row,
      file: this.#files[file] ?? '',
      record,
      line,
      tokens: this.#tokens[row]!,
      targets: this.#targets[row]!,
      flags: flagsIn(this.#flags[row]!),
      texts: texts.map((text) => text.slice(0, SHOWN)),
    };
  }
}

function isWithin(number: number, [least, most]: Range): boolean {
  return number >= least && number <= most;
}

function searchable(text: string): string {
  return text.normalize('NFC').toLowerCase();
}

/** All texts, numbers, true and false of a record, one a line, as JSON writes them but without quotes. */
function textsIn(value: LosslessJson): string {
  if (typeof value === 'string') return value;
  if (value === null) return '';
  if (Array.isArray(value)) return (value as readonly LosslessJson[]).map(textsIn).join('\n');
  const fields = fieldsOf(value);
  return fields ? Object.values(fields).map(textsIn).join('\n') : losslessText(value);
}

function shownTexts(sample: Sample): string[] {
  if (sample.kind === 'text') return [sample.text];
  const question = sample.messages.find(({ role }) => role === 'user');
  const answer = sample.messages.findLast(({ role }) => role === 'assistant');
  return [question?.content ?? '', answer?.content ?? ''];
}
