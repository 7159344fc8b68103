import { message } from '../../core/messages/message';
import { bind, type Given } from './arguments';
import { JinjaError } from './errors';
import { integer, needText } from './text_methods';
import { textOf } from './text_of';
import {
  Callable,
  compare,
  contains,
  equal,
  Float,
  Items,
  iterate,
  numeric,
  Tuple,
  Undefined,
  type Value,
  Markup,
} from './values';

type Test = (value: Value, other: Value) => boolean;

const isInteger = (value: Value): boolean => typeof value === 'number' || typeof value === 'bigint';
const equals: Test = (value, other) => equal(value, other);
const differs: Test = (value, other) => !equal(value, other);
const less: Test = (value, other) => compare(value, other) < 0;
const lessOrEqual: Test = (value, other) => compare(value, other) <= 0;
const greater: Test = (value, other) => compare(value, other) > 0;
const greaterOrEqual: Test = (value, other) => compare(value, other) >= 0;

const WITHOUT_ARGUMENT: Readonly<Record<string, (value: Value) => boolean>> = {
  boolean: (value) => typeof value === 'boolean',
  callable: (value) => value instanceof Callable,
  defined: (value) => !(value instanceof Undefined),
  undefined: (value) => value instanceof Undefined,
  none: (value) => value === null,
  true: (value) => value === true,
  false: (value) => value === false,
  integer: isInteger,
  float: (value) => value instanceof Float,
  number: (value) => isInteger(value) || numeric(value) !== undefined,
  string: (value) => typeof value === 'string' || value instanceof Markup,
  escaped: (value) => value instanceof Markup,
  mapping: (value) => value instanceof Map,
  iterable: (value) => value instanceof Items || iterate(value) !== undefined,
  sequence: (value) =>
    typeof value === 'string' ||
    value instanceof Markup ||
    Array.isArray(value) ||
    value instanceof Tuple ||
    value instanceof Map ||
    (value instanceof Items && value.kind === 'range'),
  odd: (value) => Math.abs(integer('odd', value)) % 2 === 1,
  even: (value) => integer('even', value) % 2 === 0,
  lower: (value) => isCased(textOf(value), (text) => text.toLowerCase()),
  upper: (value) => isCased(textOf(value), (text) => text.toUpperCase()),
};

const WITH_ARGUMENT: Readonly<Record<string, Test>> = {
  ...{ eq: equals, equalto: equals, '==': equals, ne: differs, '!=': differs },
  ...{ lt: less, lessthan: less, '<': less, le: lessOrEqual, '<=': lessOrEqual },
  ...{ gt: greater, greaterthan: greater, '>': greater, ge: greaterOrEqual, '>=': greaterOrEqual },
  in: (value, container) => contains(container, value),
  divisibleby: (value, number) => integer('divisibleby', value) % integer('divisibleby', number) === 0,
  sameas: (value, other) => value === other,
};

/** @param known whether a filter or a test of a name exists, for the tests that ask for it */
export function runTest(
  name: string,
  value: Value,
  given: Given,
  known: (kind: 'filter' | 'test', name: string) => boolean,
): boolean {
  if (name === 'filter' || name === 'test') return known(name, needText(name, value));
  const simple = Object.hasOwn(WITHOUT_ARGUMENT, name) ? WITHOUT_ARGUMENT[name] : undefined;
  if (simple) {
    bind(name, [], given);
    return simple(value);
  }
  const test = Object.hasOwn(WITH_ARGUMENT, name) ? WITH_ARGUMENT[name] : undefined;
  if (!test) throw new JinjaError(message('jinja_unsupported', { feature: 'test', name: `"${name}"` }));
  const other = bind(name, ['other'], given).get('other');
  if (other === undefined) throw new JinjaError(message('jinja_needs', { what: name, wanted: 'argument' }));
  return test(value, other);
}

export function isTest(name: string): boolean {
  return (
    Object.hasOwn(WITHOUT_ARGUMENT, name) ||
    Object.hasOwn(WITH_ARGUMENT, name) ||
    name === 'filter' ||
    name === 'test'
  );
}

function isCased(text: string, change: (text: string) => string): boolean {
  return text === change(text) && text.toLowerCase() !== text.toUpperCase();
}
