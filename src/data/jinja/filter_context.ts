import type { Given } from './arguments';
import type { Value } from './values';

/** The part of the interpreter that filters use. */
export interface FilterContext {
  readonly filter: (name: string, value: Value, given: Given) => Value;
  readonly test: (name: string, value: Value, given: Given) => boolean;
  readonly item: (object: Value, key: Value) => Value;
  readonly attribute: (object: Value, name: string) => Value;
}
