/** From the first number to before the second. */
export type Interval = readonly [number, number];

/** A set of whole numbers, kept as intervals that neither overlap nor touch, in order. */
export class Intervals {
  #list: Interval[] = [];

  constructor(list: Iterable<Interval> = []) {
    for (const [begin, end] of list) this.add(begin, end);
  }

  add(begin: number, end: number): void {
    if (begin >= end) return;
    const apart = this.#list.filter(([b, e]) => e < begin || b > end);
    const joined = this.#list.filter(([b, e]) => e >= begin && b <= end);
    const all: Interval = [
      Math.min(begin, ...joined.map(([b]) => b)),
      Math.max(end, ...joined.map(([, e]) => e)),
    ];
    this.#list = [...apart, all].sort((x, y) => x[0] - y[0]);
  }

  has(begin: number, end: number): boolean {
    return begin >= end || this.#list.some(([b, e]) => b <= begin && end <= e);
  }

  /** The first interval between `begin` and `end` without any number of the set. */
  firstGap(begin: number, end: number): Interval | undefined {
    let at = begin;
    for (const [b, e] of this.#list) {
      if (e <= at) continue;
      if (b > at) return at < end ? [at, Math.min(b, end)] : undefined;
      at = e;
    }
    return at < end ? [at, end] : undefined;
  }

  /** How many consecutive numbers, starting at 0, the set has. */
  get prefix(): number {
    const first = this.#list[0];
    return first?.[0] === 0 ? first[1] : 0;
  }

  get size(): number {
    return this.#list.reduce((sum, [begin, end]) => sum + end - begin, 0);
  }

  list(): readonly Interval[] {
    return this.#list;
  }

  clear(): void {
    this.#list = [];
  }
}
