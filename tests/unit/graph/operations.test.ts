import { expect, test } from 'vitest';
import { totalOperations, withoutShared } from '../../../src/graph/operations';
import { Trace } from '../../../src/graph/trace';
import { read, write, type Dispatch, type Tensor } from '../../../src/ops/op';

const trace = new Trace();
const type = { type: 'f32', shape: ['rows', 8] } as const;
const x = trace.planned('x', type);
const weight = (name: string): Tensor => trace.bound(name, 'f32', [8, 8]);

/** y = x times each of the weights, y being another tensor each time. */
function product(kernel: string, ...names: readonly string[]): Dispatch {
  const results = names.map((name) => trace.planned(name, type));
  return {
    kernel,
    bindings: [read(x), ...names.map((name) => read(weight(name))), ...results.map(write)],
    workgroups: (rows) => [rows, 1, 1],
    flops: (rows) => rows * names.length,
  };
}

const boundOf = (dispatches: readonly Dispatch[]): readonly string[] =>
  dispatches.flatMap(({ bindings }) =>
    bindings.flatMap(({ tensor: { storage } }) => (storage.kind === 'bound' ? [storage.slot] : [])),
  );

test('what all lists run is left out of them, each dispatch as often as all have it', () => {
  const lists = [
    [product('plain', 'q'), product('plain', 'q'), product('plain', 'k')],
    [product('plain', 'q'), product('tiles', 'k')],
  ];
  const kernels = withoutShared(lists, 4).map((list) => list.map(({ kernel }) => kernel));
  expect(kernels).toEqual([['plain', 'plain'], ['tiles']]);
});

test('what is left computes the same from the same weights, though others have their shape', () => {
  const apart = [product('row', 'q'), product('row', 'k'), product('row', 'v')];
  const together = [product('siblings', 'q', 'k'), product('row', 'v')];
  expect(withoutShared([apart, together], 1).map(boundOf)).toEqual([
    ['q', 'k'],
    ['q', 'k'],
  ]);
});

test('dispatches that have nothing to do cost nothing', () => {
  const idle = { ...product('row', 'q'), workgroups: () => [0, 1, 1] as const };
  expect(totalOperations([product('row', 'q'), idle], 3)).toBe(3);
});
