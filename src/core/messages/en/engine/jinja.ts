import { format } from '../format';

const needs = {
  argument: 'an argument',
  attribute: 'an attribute',
  call: 'a call',
  default: 'a default value',
  filterOrAttribute: 'a filter or an attribute',
  integer: 'an integer',
  integers: '1 to 3 integers',
  mapping: 'a mapping',
  number: 'a number',
  pairs: 'pairs',
  positive: 'a positive integer',
  separator: 'a separator that is not empty',
  text: 'a text',
  value: 'a value',
};

const features = {
  base: 'another base for int',
  filter: 'the filter',
  formatNames: 'names in format',
  formatOf: 'the format',
  keys: 'several keys in one pair of brackets',
  largeNumber: 'a number beyond 2^53',
  recursive: 'a recursive loop',
  round: 'the method of round',
  sort: 'the order of dictsort',
  tag: 'the tag',
  test: 'the test',
};

/** Why a chat template, which is a Jinja program, can't be read or fails. Clauses of `chat_template`. */
export const jinjaMessages = {
  jinja_line: ({ fault, line }: { fault: string; line: number }) => `${fault} (line ${line})`,

  jinja_end: 'the end of the template',
  jinja_expression: 'an expression',
  jinja_filter: 'a filter',
  jinja_key: 'a key',
  jinja_name: 'a name',
  jinja_named_argument: 'a named argument',
  jinja_number: 'a number',
  jinja_operator: 'an operator',
  jinja_text: 'text',

  jinja_unclosed: ({ part }: { part: string }) => `${part} has no end`,
  jinja_unexpected: ({ found, wanted }: { found: string; wanted: readonly string[] }) =>
    wanted.length === 0
      ? `${found} was not expected`
      : `${format.alternatives(wanted)} was expected, not ${found}`,
  jinja_escape: ({ escape }: { escape: string }) => `the escape ${escape} is not valid`,
  jinja_chained_tests: 'tests with “is” can’t be chained',
  jinja_outside_loop: ({ tag }: { tag: string }) => `{% ${tag} %} is outside of a loop`,
  jinja_constant: ({ name }: { name: string }) => `${name} can’t be assigned to`,
  jinja_unsupported: ({ feature, name }: { feature: keyof typeof features; name?: string }) =>
    `${features[feature]}${name === undefined ? '' : ` ${name}`} is not supported`,

  jinja_needs: ({ what, wanted, type }: { what: string; wanted: keyof typeof needs; type?: string }) =>
    `${what} needs ${needs[wanted]}${type === undefined ? '' : `, not a value of type ${type}`}`,
  jinja_many_arguments: ({ what, most }: { what: string; most: number }) =>
    `${what} has more than ${most} arguments`,
  jinja_argument: ({ what, names }: { what: string; names: readonly string[] }) =>
    `${what} has no argument ${format.alternatives(names)}`,
  jinja_undefined: ({ name }: { name: string }) => `“${name}” is undefined`,
  jinja_parameter: ({ name }: { name: string }) => `the parameter “${name}” has no value`,
  jinja_no_item: ({ at }: { at: 'first' | 'last' | 'next' | 'previous' | number }) =>
    typeof at === 'number' ? `there is no item ${at}` : `there is no ${at} item`,
  jinja_no_items: 'there are no items to choose from',
  jinja_no_such_item: ({ type }: { type: string }) => `a value of type ${type} has no such item`,
  jinja_attribute: ({ type, name }: { type: string; name: string }) =>
    `a value of type ${type} has no attribute “${name}”`,
  jinja_attribute_private: ({ name }: { name: string }) => `a template must not read the attribute ${name}`,
  jinja_no_else: 'a condition is false and has no else',
  jinja_changes: ({ name, type }: { name: string; type: string }) =>
    `${name} would change a value of type ${type}, which a template must not do`,
  jinja_namespace: ({ name }: { name: string }) => `${name} is not a namespace`,
  jinja_field: ({ name }: { name: string }) => `a namespace must not have a field ${name}`,
  jinja_unpacked: ({ values, names }: { values: number; names: number }) =>
    `${values} values can’t be assigned to ${names} names`,
  jinja_not_called: ({ type }: { type: string }) => `a value of type ${type} can’t be called`,
  jinja_not_given: ({ type }: { type: string }) => `a template can’t take a value of type ${type}`,
  jinja_not_iterated: ({ type }: { type: string }) => `a value of type ${type} can’t be iterated over`,
  jinja_not_searched: ({ type }: { type: string }) => `a text can’t contain a value of type ${type}`,
  jinja_not_sliced: ({ type }: { type: string }) => `a value of type ${type} can’t be sliced`,
  jinja_not_written: ({ type, form }: { type: string; form: 'text' | 'JSON' }) =>
    `a value of type ${type} can’t be written as ${form}`,
  jinja_no_key: ({ type }: { type: string }) => `a value of type ${type} can’t be the key of a mapping`,
  jinja_no_length: ({ type }: { type: string }) => `a value of type ${type} has no length`,
  jinja_no_order: ({ left, right }: { left: string; right: string }) =>
    `values of the types ${left} and ${right} have no order`,
  jinja_no_operation: ({ operator, left, right }: { operator: string; left: string; right: string }) =>
    `${operator} can’t be applied to values of the types ${left} and ${right}`,
  jinja_no_sign: ({ type }: { type: string }) => `a value of type ${type} has no sign`,
  jinja_exact_number: 'a number beyond 2^53 can be printed, but not computed with',
  jinja_zero: 'division by zero',
  jinja_slice_step: 'the step of a slice is 0',
  jinja_text_missing: 'the text is not found',
  jinja_format_value: ({ field }: { field: string }) => `format has no value for {${field}}`,
  jinja_format_few: 'a format has fewer values than places',
  jinja_format_many: 'a format has more values than places',
  jinja_attribute_name: 'the name of an attribute is not valid in HTML',

  jinja_deep: 'lists or mappings are nested too deeply',
  jinja_long: ({ what, most }: { what: 'text' | 'list' | 'range'; most: number }) =>
    `a ${what} would be longer than ${format.count(most)}`,
  jinja_endless: 'the template does not come to an end',
};
