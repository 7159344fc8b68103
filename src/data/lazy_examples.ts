import { GrowingNumbers } from '../core/growing_numbers';
import type { TokenizedExample } from './batches';
import { targetsIn, type ExampleList } from './example_list';

/** Bytes of tokens that stay in memory. */
const KEPT_BYTES = 64 * 2 ** 20;

/** Examples whose tokens stay in memory as long as there is room. The tokens of the others are made again. */
export class LazyExamples implements ExampleList {
  readonly #make: (row: number) => Promise<readonly TokenizedExample[]>;
  readonly #rows = new GrowingNumbers(Uint32Array);
  readonly #tokens = new GrowingNumbers(Uint32Array);
  readonly #targets = new GrowingNumbers(Uint32Array);
  /** 0 for an example that was not cut. */
  readonly #whole = new GrowingNumbers(Uint32Array);
  /** Examples in memory, by their indices. */
  readonly #kept = new Map<number, TokenizedExample>();
  #keptBytes = 0;

  /** @param make makes the examples of a row again */
  constructor(make: (row: number) => Promise<readonly TokenizedExample[]>) {
    this.#make = make;
  }

  get length(): number {
    return this.#rows.length;
  }

  /** Appends the examples of a row, whose number must be larger than those before. */
  add(row: number, examples: readonly TokenizedExample[]): void {
    for (const example of examples) {
      this.#keep(this.length, example);
      this.#rows.push(row);
      this.#tokens.push(example.ids.length);
      this.#targets.push(targetsIn(example));
      this.#whole.push(example.whole ?? 0);
    }
  }

  /** Appends examples of another list, from `first` to before `end`, as those of a row that gives the same ones. */
  addAgain(row: number, from: LazyExamples, first: number, end: number): void {
    for (let index = first; index < end; index++) {
      const kept = from.#kept.get(index);
      if (kept) this.#keep(this.length, kept);
      this.#rows.push(row);
      this.#tokens.push(from.#tokens.at(index));
      this.#targets.push(from.#targets.at(index));
      this.#whole.push(from.#whole.at(index));
    }
  }

  /** Drops the examples after the first `length`. */
  truncate(length: number): void {
    for (let index = length; index < this.length; index++) {
      const dropped = this.#kept.get(index);
      if (dropped) this.#keptBytes -= bytesOf(dropped);
      this.#kept.delete(index);
    }
    for (const numbers of [this.#rows, this.#tokens, this.#targets, this.#whole]) numbers.truncate(length);
  }

  /** The row that an example is made from. */
  row(index: number): number {
    return this.#rows.at(index);
  }

  tokens(index: number): number {
    return this.#tokens.at(index);
  }

  targets(index: number): number {
    return this.#targets.at(index);
  }

  whole(index: number): number | undefined {
    const whole = this.#whole.at(index);
    return whole === 0 ? undefined : whole;
  }

  /** Keeps an example in memory, if there is room. */
  #keep(index: number, example: TokenizedExample): void {
    if (this.#keptBytes >= KEPT_BYTES || this.#kept.has(index)) return;
    this.#kept.set(index, example);
    this.#keptBytes += bytesOf(example);
  }

  async at(index: number): Promise<TokenizedExample> {
    const row = this.row(index);
    const kept = this.#kept.get(index);
    if (kept) return kept;
    let first = index;
    while (first > 0 && this.row(first - 1) === row) first--;
    const example = (await this.#make(row))[index - first];
    if (example?.ids.length !== this.tokens(index)) {
      throw new Error(`row ${row} gave other examples than before`);
    }
    this.#keep(index, example);
    return example;
  }
}

function bytesOf({ ids, trained, weights }: TokenizedExample): number {
  return ids.byteLength + trained.byteLength + (weights?.byteLength ?? 0);
}
