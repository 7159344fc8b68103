import type { Sample } from '../../data/messages';
import { filled, placeholdersIn, type Fillings } from '../../data/placeholders';

/** `{{name}}` in the texts of records. */
export interface FoundPlaceholder {
  readonly name: string;
  readonly records: number;
}

/** A placeholder in fewer records counts as a text about placeholders. */
const LEAST_RECORDS = 2;
const LEAST_SHARE = 0.01;

/** Fills placeholders, and counts the records that have them. */
export class FoundPlaceholders {
  readonly #fillings: Fillings;
  readonly #records = new Map<string, number>();
  #all = 0;

  constructor(fillings: Fillings) {
    this.#fillings = fillings;
  }

  /** Counts the placeholders of a record, and tells their number. */
  count(sample: Sample): number {
    const names = placeholdersIn(sample);
    this.countNone();
    for (const name of names) this.#records.set(name, (this.#records.get(name) ?? 0) + 1);
    return names.size;
  }

  /** Counts a record without placeholders. */
  countNone(): void {
    this.#all++;
  }

  fill(sample: Sample): Sample {
    return filled(sample, this.#fillings);
  }

  /** The placeholders in many records, and those that are filled. */
  often(): readonly FoundPlaceholder[] {
    const least = Math.max(LEAST_RECORDS, LEAST_SHARE * this.#all);
    return Array.from(this.#records, ([name, records]) => ({ name, records })).filter(
      ({ name, records }) => records >= least || Object.hasOwn(this.#fillings, name),
    );
  }
}
