import { bind, type Given } from './arguments';
import { found } from './text_methods';
import { contains, Items, Tuple, type Value } from './values';

type DictMethod = (dict: Map<Value, Value>, given: Given) => Value;

/** The methods of Python's `dict` that change nothing. */
export const DICT_METHODS: Readonly<Record<string, DictMethod>> = {
  items: (dict) =>
    new Items(
      'view',
      [...dict].map((entry) => new Tuple(entry)),
      'dict_items',
    ),
  keys: (dict) => new Items('view', [...dict.keys()], 'dict_keys'),
  values: (dict) => new Items('view', [...dict.values()], 'dict_values'),
  copy: (dict) => new Map(dict),
  get: (dict, given) => {
    const bound = bind('get', ['key', 'default'], given);
    const key = bound.get('key') ?? null;
    return dict.has(key) ? (dict.get(key) ?? null) : (bound.get('default') ?? null);
  },
};

type ListMethod = (list: readonly Value[], given: Given) => Value;

/** The methods of Python's `list` that change nothing. */
export const LIST_METHODS: Readonly<Record<string, ListMethod>> = {
  copy: (list) => [...list],
  count: (list, given) => {
    const value = bind('count', ['value'], given).get('value') ?? null;
    return list.filter((item) => contains([item], value)).length;
  },
  index: (list, given) => {
    const value = bind('index', ['value'], given).get('value') ?? null;
    return found(list.findIndex((item) => contains([item], value)));
  },
};

/** Methods that the sandbox of transformers refuses, since they change what they belong to. */
export const CHANGING_METHODS: readonly string[] = [
  ...[
    'append',
    'extend',
    'insert',
    'pop',
    'remove',
    'reverse',
    'sort',
    'clear',
    'update',
    'setdefault',
    'popitem',
  ],
];
