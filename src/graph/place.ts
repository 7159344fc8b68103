import type { Dispatch, Tensor } from '../ops/op';

/** Indices of the first and last dispatch that touch a tensor, both included. */
export interface Lifetime {
  first: number;
  last: number;
  readonly bytes: number;
}

export interface Placement {
  readonly arena: number;
  /** Bytes from the arena's start. */
  readonly offset: number;
  readonly bytes: number;
}

/**
 * Offline placement, the largest tensors first: each goes to the lowest gap that is free during its lifetime, in the
 * arena that grows least by it. WebGPU refuses a dispatch that binds one buffer both read-only and read_write, so a
 * tensor never shares an arena with one that the same dispatch uses the other way; arenas are the colours of that
 * graph. An arena that would outgrow `maxBufferSize` is closed to the tensor as well.
 */
export function placeTensors(
  lifetimes: ReadonlyMap<Tensor, Lifetime>,
  dispatches: readonly Dispatch[],
  maxBufferSize: number,
): { placements: Map<Tensor, Placement>; arenas: number[] } {
  const conflicting = conflicts(dispatches);
  const order = [...lifetimes].sort(
    ([a, x], [b, y]) => y.bytes - x.bytes || x.first - y.first || a.id - b.id,
  );
  const placements = new Map<Tensor, Placement>();
  const occupied: Occupied[] = [];
  const arenas: number[] = [];
  for (const [tensor, lifetime] of order) {
    const closed = new Set<number>();
    for (const other of conflicting.get(tensor) ?? []) {
      const placement = placements.get(other);
      if (placement) closed.add(placement.arena);
    }
    // Makes a new arena only if that costs less than growing any other: programs that share arenas need few.
    let best = { arena: arenas.length, offset: 0, growth: lifetime.bytes };
    arenas.forEach((size, arena) => {
      if (closed.has(arena)) return;
      const offset = occupied[arena]?.lowestGap(lifetime) ?? 0;
      const end = offset + lifetime.bytes;
      const growth = Math.max(0, end - size);
      const better = growth < best.growth || (growth === best.growth && best.arena === arenas.length);
      if (end <= maxBufferSize && better) best = { arena, offset, growth };
    });
    const { arena, offset } = best;
    placements.set(tensor, { arena, offset, bytes: lifetime.bytes });
    (occupied[arena] ??= new Occupied()).add(lifetime, offset);
    arenas[arena] = Math.max(arenas[arena] ?? 0, offset + lifetime.bytes);
  }
  return { placements, arenas };
}

/**
 * The contents of one arena, in the order of offsets. Plain arrays of numbers, because they are searched for every
 * tensor.
 */
class Occupied {
  readonly #first: number[] = [];
  readonly #last: number[] = [];
  readonly #begin: number[] = [];
  readonly #end: number[] = [];

  /** The lowest offset where `bytes` bytes are free during the whole lifetime. */
  lowestGap({ first, last, bytes }: Lifetime): number {
    let offset = 0;
    for (let i = 0; i < this.#begin.length; i++) {
      if (offset + bytes <= this.#begin[i]!) break;
      if (this.#end[i]! > offset && this.#first[i]! <= last && this.#last[i]! >= first)
        offset = this.#end[i]!;
    }
    return offset;
  }

  add({ first, last, bytes }: Lifetime, offset: number): void {
    let low = 0;
    let high = this.#begin.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#begin[middle]! <= offset) low = middle + 1;
      else high = middle;
    }
    this.#first.splice(low, 0, first);
    this.#last.splice(low, 0, last);
    this.#begin.splice(low, 0, offset);
    this.#end.splice(low, 0, offset + bytes);
  }
}

/** For each planned tensor, the tensors that some dispatch binds the other way (one read, the other written). */
function conflicts(dispatches: readonly Dispatch[]): Map<Tensor, Set<Tensor>> {
  const conflicting = new Map<Tensor, Set<Tensor>>();
  const link = (a: Tensor, b: Tensor): void => {
    const set = conflicting.get(a) ?? new Set();
    conflicting.set(a, set.add(b));
  };
  for (const { bindings } of dispatches) {
    const planned = bindings.filter(({ tensor }) => tensor.storage.kind === 'planned');
    for (const reader of planned.filter(({ access }) => access === 'read')) {
      for (const writer of planned.filter(({ access }) => access !== 'read')) {
        link(reader.tensor, writer.tensor);
        link(writer.tensor, reader.tensor);
      }
    }
  }
  return conflicting;
}
