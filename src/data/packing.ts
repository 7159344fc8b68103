/** How examples share bins of a fixed size, as TRL 1.16 packs them (`pack_dataset` in trl/data_utils.py). */

/**
 * 'bfd': whole examples, those that are too long cut off. 'bfd_split': too long examples in pieces, so that nothing is
 * lost. 'wrapped': all examples one after the other, cut wherever a bin is full.
 */
export type PackingStrategy = 'bfd' | 'bfd_split' | 'wrapped';

/** Ranges of tokens of examples. All arrays have one entry a part; parts of one example are neighbours. */
export interface Parts {
  readonly length: number;
  /** Index of the example. */
  readonly examples: Uint32Array;
  /** Its first token. */
  readonly begins: Uint32Array;
  /** The token after its last. */
  readonly ends: Uint32Array;
}

/** Parts in bins. */
export interface Bins {
  readonly length: number;
  /** [length + 1] place in `parts` of the first part of each bin, then the number of parts. */
  readonly firsts: Uint32Array;
  /** Indices of parts, bin after bin. */
  readonly parts: Uint32Array;
}

/** Each example as one part, cut off after `size` tokens. */
export function cutOff(lengths: ArrayLike<number>, size: number): Parts {
  return partsOf(lengths, (length) => [[0, Math.min(length, size)]]);
}

/** Each example in pieces of `size` tokens, the last of which may be shorter. */
export function inPieces(lengths: ArrayLike<number>, size: number): Parts {
  return partsOf(lengths, (length) => ranges(0, length, size));
}

/** The examples one after the other, cut after every `size` tokens of them all. */
export function wrapped(lengths: ArrayLike<number>, size: number): Parts {
  let before = 0;
  return partsOf(lengths, (length) => {
    const first = size - (before % size);
    before += length;
    return length <= first ? [[0, length]] : [[0, first], ...ranges(first, length, size)];
  });
}

/**
 * Fills bins of `size` tokens with parts of at most as many. For 'wrapped' in their order, each bin to its end; else best
 * fit decreasing: the parts go from the longest to the shortest, each into the fullest bin that has room for it. Parts of
 * equal length keep their order, and of equally full bins the one that became so first is taken.
 */
export function binsOf(parts: Parts, size: number, strategy: PackingStrategy): Bins {
  return strategy === 'wrapped' ? inOrder(parts, size) : bestFitDecreasing(parts, size);
}

/** A bin for each part. */
export function oneEach({ length }: Parts): Bins {
  const firsts = Uint32Array.from({ length: length + 1 }, (_, part) => part);
  return { length, firsts, parts: firsts.subarray(0, length) };
}

type Range = readonly [begin: number, end: number];

function partsOf(lengths: ArrayLike<number>, ranged: (length: number) => readonly Range[]): Parts {
  const found: { example: number; begin: number; end: number }[] = [];
  for (let example = 0; example < lengths.length; example++) {
    for (const [begin, end] of ranged(lengths[example]!)) found.push({ example, begin, end });
  }
  return {
    length: found.length,
    examples: Uint32Array.from(found, ({ example }) => example),
    begins: Uint32Array.from(found, ({ begin }) => begin),
    ends: Uint32Array.from(found, ({ end }) => end),
  };
}

function ranges(begin: number, end: number, size: number): Range[] {
  const count = Math.ceil((end - begin) / size);
  return Array.from({ length: count }, (_, nth) => [
    begin + nth * size,
    Math.min(begin + (nth + 1) * size, end),
  ]);
}

function inOrder({ length, begins, ends }: Parts, size: number): Bins {
  const firsts = [0];
  let filled = 0;
  for (let part = 0; part < length; part++) {
    if (filled === size) {
      firsts.push(part);
      filled = 0;
    }
    filled += ends[part]! - begins[part]!;
  }
  if (length > 0) firsts.push(length);
  const parts = Uint32Array.from({ length }, (_, part) => part);
  return { length: firsts.length - 1, firsts: Uint32Array.from(firsts), parts };
}

function bestFitDecreasing({ length, begins, ends }: Parts, size: number): Bins {
  const tokens = (part: number): number => ends[part]! - begins[part]!;
  const order = Uint32Array.from({ length }, (_, part) => part).sort(
    (a, b) => tokens(b) - tokens(a) || a - b,
  );
  const rooms = new Rooms(size);
  const bins: number[][] = [];
  for (const part of order) {
    const room = rooms.smallestFrom(tokens(part));
    const bin = room === undefined ? bins.push([]) - 1 : rooms.take(room);
    bins[bin]!.push(part);
    rooms.put((room ?? size) - tokens(part), bin);
  }
  const firsts = new Uint32Array(bins.length + 1);
  for (const [bin, parts] of bins.entries()) firsts[bin + 1] = firsts[bin]! + parts.length;
  return { length: bins.length, firsts, parts: Uint32Array.from(bins.flat()) };
}

/** Bins by the number of tokens that they have room for. */
class Rooms {
  readonly #bins = new Map<number, { readonly bins: number[]; taken: number }>();
  /** A binary tree over the rooms 0 to `#leaves` - 1: whether a bin below a node has such room. */
  readonly #has: Uint8Array;
  readonly #leaves: number;

  constructor(size: number) {
    this.#leaves = 2 ** Math.ceil(Math.log2(size + 1));
    this.#has = new Uint8Array(2 * this.#leaves);
  }

  put(room: number, bin: number): void {
    if (room === 0) return;
    const queue = this.#bins.get(room);
    if (queue) queue.bins.push(bin);
    else this.#bins.set(room, { bins: [bin], taken: 0 });
    this.#mark(room, 1);
  }

  /** Takes the bin that has had this room for the longest time. */
  take(room: number): number {
    const queue = this.#bins.get(room)!;
    const bin = queue.bins[queue.taken++]!;
    if (queue.taken === queue.bins.length) {
      this.#bins.delete(room);
      this.#mark(room, 0);
    }
    return bin;
  }

  /** The smallest room of a bin that is at least `tokens`; undefined if no bin has as much. */
  smallestFrom(tokens: number): number | undefined {
    let node = this.#leaves + tokens;
    if (this.#has[node] === 1) return tokens;
    // Upwards until a subtree on the right has a bin, then down to its leftmost.
    while (node > 1 && (node % 2 === 1 || this.#has[node + 1] === 0)) node >>= 1;
    if (node <= 1) return undefined;
    node++;
    while (node < this.#leaves) node = this.#has[2 * node] === 1 ? 2 * node : 2 * node + 1;
    return node - this.#leaves;
  }

  #mark(room: number, has: 0 | 1): void {
    let node = this.#leaves + room;
    this.#has[node] = has;
    while (node > 1) {
      node >>= 1;
      this.#has[node] = this.#has[2 * node]! | this.#has[2 * node + 1]!;
    }
  }
}
