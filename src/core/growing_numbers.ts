type NumberArray = Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;

/** A list of numbers that grows. It takes as many bytes as its numbers, and at most twice that. */
export class GrowingNumbers<A extends NumberArray> {
  readonly #type: new (length: number) => A;
  #numbers: A;
  #length = 0;

  constructor(type: new (length: number) => A) {
    this.#type = type;
    this.#numbers = new type(64);
  }

  get length(): number {
    return this.#length;
  }

  push(number: number): void {
    if (this.#length === this.#numbers.length) {
      const larger = new this.#type(2 * this.#length);
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers[this.#length++] = number;
  }

  /** Throws a `RangeError` if there is no number at the index. */
  at(index: number): number {
    const number = index < this.#length ? this.#numbers[index] : undefined;
    if (number !== undefined) return number;
    throw new RangeError(`there is no number ${index} of ${this.#length}`);
  }

  /** Keeps the first numbers. */
  truncate(length: number): void {
    this.#length = Math.min(this.#length, length);
  }
}
