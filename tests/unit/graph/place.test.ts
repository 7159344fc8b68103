import { expect, test } from 'vitest';
import { uniform } from '../../../src/core/random';
import { placeTensors, type Lifetime } from '../../../src/graph/place';
import { Trace } from '../../../src/graph/trace';
import { f32, read, write, type Dispatch, type Tensor } from '../../../src/ops/op';

function dispatch(inputs: readonly Tensor[], outputs: readonly Tensor[]): Dispatch {
  const bindings = [...inputs.map(read), ...outputs.map(write)];
  return { kernel: 'none', bindings, workgroups: () => [1, 1, 1] };
}

/** A random graph: every dispatch reads some of the tensors so far and writes one or two new ones. */
function randomGraph(
  seed: number,
  count: number,
): { lifetimes: Map<Tensor, Lifetime>; dispatches: Dispatch[] } {
  const trace = new Trace();
  let draws = 0;
  const random = (bound: number): number => Math.floor(uniform(seed, 1, draws++) * bound);
  const tensors: Tensor[] = [];
  const lifetimes = new Map<Tensor, Lifetime>();
  const dispatches = Array.from({ length: count }, (_, time) => {
    const inputs = new Set(
      Array.from({ length: Math.min(time, 1 + random(3)) }, () => tensors[random(tensors.length)]!),
    );
    const outputs = Array.from({ length: 1 + random(2) }, () => trace.planned('t', f32(1)));
    for (const input of inputs) lifetimes.get(input)!.last = time;
    for (const output of outputs)
      lifetimes.set(output, { first: time, last: time, bytes: 256 * (1 + random(40)) });
    tensors.push(...outputs);
    return dispatch([...inputs], outputs);
  });
  return { lifetimes, dispatches };
}

test.each([1, 2, 3, 4, 5])(
  'random graph %i: no overlap while alive, no arena read and written at once',
  (seed) => {
    const { lifetimes, dispatches } = randomGraph(seed, 120);
    const { placements, arenas } = placeTensors(lifetimes, dispatches, 1 << 30);
    const all = [...lifetimes];
    for (const [index, [a, x]] of all.entries()) {
      const p = placements.get(a)!;
      expect(p.offset % 256).toBe(0);
      expect(p.offset + p.bytes).toBeLessThanOrEqual(arenas[p.arena]!);
      for (const [b, y] of all.slice(index + 1)) {
        const q = placements.get(b)!;
        const together = x.first <= y.last && y.first <= x.last;
        const overlap = p.arena === q.arena && p.offset < q.offset + q.bytes && q.offset < p.offset + p.bytes;
        expect(together && overlap).toBe(false);
      }
    }
    for (const { bindings } of dispatches) {
      const of = (reads: boolean): number[] =>
        bindings
          .filter(({ access }) => (access === 'read') === reads)
          .map(({ tensor }) => placements.get(tensor)!.arena);
      const written = new Set(of(false));
      expect(of(true).some((arena) => written.has(arena))).toBe(false);
    }
  },
);

test('a chain of equal tensors lives in two buffers, whatever its length', () => {
  const trace = new Trace();
  const chain = Array.from({ length: 50 }, () => trace.planned('t', f32(64)));
  const lifetimes = new Map(chain.map((tensor, i) => [tensor, { first: i, last: i + 1, bytes: 256 }]));
  const dispatches = chain.map((tensor, i) => dispatch(i === 0 ? [] : [chain[i - 1]!], [tensor]));
  const { arenas } = placeTensors(lifetimes, dispatches, 1 << 30);
  expect(arenas).toEqual([256, 256]);
});

test('an arena never exceeds the largest buffer', () => {
  const trace = new Trace();
  const tensors = Array.from({ length: 10 }, () => trace.planned('t', f32(64)));
  const lifetimes = new Map(tensors.map((tensor) => [tensor, { first: 0, last: 9, bytes: 256 }]));
  const { arenas } = placeTensors(lifetimes, [], 1024);
  expect(Math.max(...arenas)).toBeLessThanOrEqual(1024);
  expect(arenas.reduce((sum, bytes) => sum + bytes, 0)).toBe(2560);
});
