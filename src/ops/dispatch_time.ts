import type { Limits } from './op';

/**
 * The operations of one dispatch at most: a dispatch can't be interrupted, and a driver resets the device after two
 * seconds at the earliest. An integrated GPU that does 200 GFLOP/s takes a tenth of a second, which a person hardly sees; a
 * fast one takes a millisecond, a hundred times what a dispatch costs, and has its hundreds of workgroups all the same.
 */
export const DISPATCH_OPERATIONS = 2 ** 34;

/** The same on a device that says otherwise. */
export function operationsOfDispatch({ dispatchOperations = DISPATCH_OPERATIONS }: Limits): number {
  return dispatchOperations;
}
