import type { CleaningPass } from '../../data/cleaning/cleaning';
import type { LazyExamples } from '../../data/lazy_examples';
import { changedRecords, haveSameRecords, type DataSource } from './data_source';
import { hasFlag } from './row_flags';
import { ENDLESS } from './row_marks';
import type { Rows } from './rows';

/** A finished reading, as a later one sees it. */
export interface FormerReading {
  readonly sources: readonly DataSource[];
  readonly rows: Rows;
  readonly examples: LazyExamples;
  readonly cleaning: CleaningPass;
  /** The rows of a file, from the first to before the second number, and its first example. */
  range(source: number): { readonly rows: readonly [number, number]; readonly example: number };
}

/** A row of a former reading that is the same in the present one, with the indices of its examples. */
export interface FormerRow {
  readonly reading: FormerReading;
  readonly row: number;
  readonly first: number;
  readonly end: number;
}

/** The rows of a former reading with the same settings, to be taken over. */
export class FormerRows {
  readonly #reading: FormerReading;
  readonly #changed: ReadonlySet<number>;
  /** The next row, and the end of the file's rows. */
  #row: number;
  readonly #end: number;
  /** The next example. */
  #example: number;

  private constructor(
    reading: FormerReading,
    changed: ReadonlySet<number>,
    [row, end]: readonly [number, number],
    example: number,
  ) {
    this.#reading = reading;
    this.#changed = changed;
    this.#row = row;
    this.#end = end;
    this.#example = example;
  }

  /** Those of a file; undefined if the former reading did not have it. */
  static of(reading: FormerReading | undefined, source: DataSource): FormerRows | undefined {
    const index = reading?.sources.findIndex((each) => haveSameRecords(each, source)) ?? -1;
    if (!reading || index < 0) return undefined;
    const { rows, example } = reading.range(index);
    return new FormerRows(reading, changedRecords(reading.sources[index]!, source), rows, example);
  }

  /** The row of a record; undefined if there was none, or another one. The numbers of the calls must ascend. */
  next(record: number): FormerRow | undefined {
    const reading = this.#reading;
    const { rows, examples } = reading;
    while (this.#row < this.#end && rows.place(this.#row).record < record) this.#row++;
    const row = this.#row;
    if (row >= this.#end || rows.place(row).record !== record) return undefined;
    while (this.#example < examples.length && examples.row(this.#example) < row) this.#example++;
    const first = this.#example;
    while (this.#example < examples.length && examples.row(this.#example) === row) this.#example++;
    return this.#changed.has(record) ? undefined : { reading, row, first, end: this.#example };
  }
}

/** Facts about a former row that has examples; undefined for any other. */
export function keptRow({
  reading: { rows },
  row,
}: FormerRow): { readonly content: number; readonly isEndless: boolean } | undefined {
  const without = ['refused', 'proposed', 'excluded', 'dropped', 'compared', 'judged'] as const;
  if (without.some((flag) => hasFlag(rows.flags(row), flag))) return undefined;
  return { content: rows.content(row), isEndless: (rows.marks(row) & ENDLESS) !== 0 };
}
