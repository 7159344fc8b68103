import type { Limits } from './op';

/**
 * The most operations of one dispatch. Nothing can interrupt a dispatch, and a driver resets the device after two seconds
 * or more. An integrated GPU of 200 GFLOP/s takes a tenth of a second for this, which a person hardly notices. A fast GPU
 * takes a millisecond, a hundred times the overhead of a dispatch, and still has hundreds of workgroups.
 */
export const DISPATCH_OPERATIONS = 2 ** 34;

/** The same on a device that says otherwise. */
export function operationsOfDispatch({ dispatchOperations = DISPATCH_OPERATIONS }: Limits): number {
  return dispatchOperations;
}
