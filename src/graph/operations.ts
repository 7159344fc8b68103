import type { Dispatch } from '../ops/op';
import { operationsOf } from './profile';

/**
 * Each list without the dispatches that all lists share: a node runs those with any candidate, so they need no timing.
 * A list may become empty.
 */
export function withoutShared(
  lists: readonly (readonly Dispatch[])[],
  capacity: number,
): readonly (readonly Dispatch[])[] {
  const counts = lists.map((list) => {
    const count = new Map<string, number>();
    for (const dispatch of list) {
      const signature = signatureOf(dispatch, capacity);
      count.set(signature, (count.get(signature) ?? 0) + 1);
    }
    return count;
  });
  return lists.map((list) => {
    const left = new Map<string, number>();
    return list.filter((dispatch) => {
      const signature = signatureOf(dispatch, capacity);
      const shared = left.get(signature) ?? Math.min(...counts.map((count) => count.get(signature) ?? 0));
      left.set(signature, shared - 1);
      return shared <= 0;
    });
  });
}

/**
 * Two dispatches with the same signature take the same time and compute the same thing. Weights of one shape count as the
 * same. Planned tensors are left out, since each lowering of an op makes new ones.
 */
function signatureOf(dispatch: Dispatch, rows: number): string {
  const { kernel, constants, overrides, words, bindings, workgroups } = dispatch;
  const bound = bindings.map(({ tensor, access, offset, size }) => [
    tensor.type,
    tensor.shape,
    tensor.storage,
    access,
    offset,
    size,
  ]);
  return JSON.stringify([kernel, constants, overrides, words, bound, workgroups(rows)]);
}

/** The operations of all dispatches when `rows` rows are in use. */
export function totalOperations(dispatches: readonly Dispatch[], rows: number): number {
  const run = dispatches.filter(({ workgroups }) => !workgroups(rows).includes(0));
  return run.reduce((sum, dispatch) => sum + operationsOf(dispatch, rows), 0);
}
