import { fieldsOf, losslessText, type LosslessJson } from '../../core/lossless_json';
import { isAbsent } from './shape';

/** A column of a file of examples. */
export interface FoundColumn {
  readonly name: string;
  /** The beginning of its first value that is not empty; empty if there is none. */
  readonly sample: string;
}

/** The values of a column that were looked at. */
export interface ColumnValues {
  readonly name: string;
  /** Those that are neither absent nor empty. */
  readonly values: readonly LosslessJson[];
}

/** Records whose columns are looked at. */
const RECORDS = 50;
const COLUMNS = 30;
const SAMPLE_CHARACTERS = 80;

/** Collects the columns of a file from its first records. */
export class FoundColumns {
  readonly #values = new Map<string, LosslessJson[]>();
  #records = 0;

  /** Looks at a record, unless enough were looked at. */
  add(record: LosslessJson): void {
    if (this.#records >= RECORDS) return;
    this.#records++;
    for (const [name, value] of Object.entries(fieldsOf(record) ?? {})) {
      const known = this.#values.get(name);
      if (!known && this.#values.size >= COLUMNS) continue;
      const values = known ?? [];
      if (!known) this.#values.set(name, values);
      if (!isAbsent(value) && value !== '' && !(Array.isArray(value) && value.length === 0))
        values.push(value);
    }
  }

  /** In the order of the file. */
  get columns(): readonly FoundColumn[] {
    return Array.from(this.#values, ([name, [first]]) => ({ name, sample: sampleOf(first) }));
  }

  get values(): readonly ColumnValues[] {
    return Array.from(this.#values, ([name, values]) => ({ name, values }));
  }
}

function sampleOf(value: LosslessJson | undefined): string {
  if (value === undefined) return '';
  const text = typeof value === 'string' ? value.trim() : losslessText(value);
  const letters = Array.from(text.slice(0, 4 * SAMPLE_CHARACTERS));
  return letters.length > SAMPLE_CHARACTERS ? `${letters.slice(0, SAMPLE_CHARACTERS).join('')}…` : text;
}
