import { message } from '../../core/messages/message';
import { JinjaError } from './errors';
import type { Value } from './values';

/** The arguments of a filter, a test, a method or a function. */
export interface Given {
  readonly positional: readonly Value[];
  readonly named: ReadonlyMap<string, Value>;
}

/**
 * Assigns arguments to the names of their parameters.
 *
 * @throws JinjaError for too many arguments, or for an unknown name
 */
export function bind(what: string, names: readonly string[], given: Given): ReadonlyMap<string, Value> {
  const { positional, named } = given;
  if (positional.length > names.length)
    throw new JinjaError(message('jinja_many_arguments', { what, most: names.length }));
  const bound = new Map<string, Value>();
  positional.forEach((value, index) => bound.set(names[index] ?? '', value));
  for (const [name, value] of named) {
    if (!names.includes(name) || bound.has(name))
      throw new JinjaError(message('jinja_argument', { what, names: [name] }));
    bound.set(name, value);
  }
  return bound;
}
