import { GrowingNumbers } from '../../core/growing_numbers';

/** As many numbers for each of some rows, which are added in ascending order. */
export class RowNumbers {
  readonly #rows = new GrowingNumbers(Uint32Array);
  readonly #numbers = new GrowingNumbers(Uint32Array);

  add(numbers: Uint32Array, row: number): void {
    this.#rows.push(row);
    for (const number of numbers) this.#numbers.push(number);
  }

  of(row: number): Uint32Array | undefined {
    const at = this.#placeOf(row);
    if (at === this.#rows.length || this.#rows.at(at) !== row) return undefined;
    const width = this.#width;
    return Uint32Array.from({ length: width }, (_, index) => this.#numbers.at(at * width + index));
  }

  /** Forgets the rows from a number on. */
  truncate(rows: number): void {
    const width = this.#width;
    const left = this.#placeOf(rows);
    this.#rows.truncate(left);
    this.#numbers.truncate(left * width);
  }

  get #width(): number {
    return this.#rows.length === 0 ? 0 : this.#numbers.length / this.#rows.length;
  }

  /** How many of the rows come before a number. */
  #placeOf(row: number): number {
    let [first, end] = [0, this.#rows.length];
    while (first < end) {
      const middle = (first + end) >>> 1;
      if (this.#rows.at(middle) < row) first = middle + 1;
      else end = middle;
    }
    return first;
  }
}
