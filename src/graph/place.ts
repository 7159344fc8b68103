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

interface Placed extends Lifetime {
  readonly offset: number;
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
  const foes = conflicts(dispatches);
  const order = [...lifetimes].sort(
    ([a, x], [b, y]) => y.bytes - x.bytes || x.first - y.first || a.id - b.id,
  );
  const placements = new Map<Tensor, Placement>();
  const placed: Placed[][] = [];
  const arenas: number[] = [];
  for (const [tensor, lifetime] of order) {
    const closed = new Set<number>();
    for (const foe of foes.get(tensor) ?? []) {
      const placement = placements.get(foe);
      if (placement) closed.add(placement.arena);
    }
    // A new arena only where it costs less than any that is there: programs that share arenas want few.
    let best = { arena: arenas.length, offset: 0, growth: lifetime.bytes };
    arenas.forEach((size, arena) => {
      if (closed.has(arena)) return;
      const offset = lowestGap(placed[arena] ?? [], lifetime);
      const end = offset + lifetime.bytes;
      const growth = Math.max(0, end - size);
      const better = growth < best.growth || (growth === best.growth && best.arena === arenas.length);
      if (end <= maxBufferSize && better) best = { arena, offset, growth };
    });
    const { arena, offset } = best;
    placements.set(tensor, { arena, offset, bytes: lifetime.bytes });
    (placed[arena] ??= []).push({ ...lifetime, offset });
    arenas[arena] = Math.max(arenas[arena] ?? 0, offset + lifetime.bytes);
  }
  return { placements, arenas };
}

/** The lowest offset where `bytes` bytes are free during the whole lifetime. */
function lowestGap(placed: readonly Placed[], { first, last, bytes }: Lifetime): number {
  const busy = placed
    .filter((other) => other.first <= last && other.last >= first)
    .sort((a, b) => a.offset - b.offset);
  let offset = 0;
  for (const other of busy) {
    if (offset + bytes <= other.offset) break;
    offset = Math.max(offset, other.offset + other.bytes);
  }
  return offset;
}

/** For each planned tensor those that some dispatch binds the other way (one read, the other written). */
function conflicts(dispatches: readonly Dispatch[]): Map<Tensor, Set<Tensor>> {
  const foes = new Map<Tensor, Set<Tensor>>();
  const link = (a: Tensor, b: Tensor): void => {
    const set = foes.get(a) ?? new Set();
    foes.set(a, set.add(b));
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
  return foes;
}
