import type { Dispatch } from '../ops/op';
import { operationsOf } from './profile';

/**
 * What is left of each list without the dispatches that all of them have: what a node runs whatever the answer is need not
 * be timed. Where nothing is left of some, it is still a list.
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
 * What a dispatch takes to run is the same where this is, and what it computes: of the same weights, where others have their
 * shape. What is planned is another tensor each time that an op is lowered.
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

/** Operations of the dispatches that run for so many rows. */
export function totalOperations(dispatches: readonly Dispatch[], rows: number): number {
  const run = dispatches.filter(({ workgroups }) => !workgroups(rows).includes(0));
  return run.reduce((sum, dispatch) => sum + operationsOf(dispatch, rows), 0);
}
