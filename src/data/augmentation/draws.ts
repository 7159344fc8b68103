import { streamOf, uniform } from '../../core/random';

/** Random numbers that depend on a seed and a purpose only, one after the other. */
export class Draws {
  readonly #seed: number;
  readonly #stream: number;
  #index = 0;

  /** @param purpose the use of the numbers, for instance a technique and the text that it changes */
  constructor(seed: number, purpose: string) {
    this.#seed = seed;
    this.#stream = streamOf(purpose);
  }

  /** The next number in [0, 1). */
  next(): number {
    return uniform(this.#seed, this.#stream, this.#index++);
  }

  /** A whole number from 0 to before `bound`. */
  below(bound: number): number {
    return Math.floor(this.next() * bound);
  }

  /** One item of a list that has some. */
  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** Up to `count` different items of a list, in a random order. */
  some<T>(list: readonly T[], count: number): readonly T[] {
    const left = [...list];
    const taken: T[] = [];
    while (left.length > 0 && taken.length < count) taken.push(...left.splice(this.below(left.length), 1));
    return taken;
  }
}
