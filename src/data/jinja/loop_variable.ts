import { message } from '../../core/messages/message';
import { Callable, Loop, Undefined, type Value } from './values';

/** The variable `loop` of a loop's round. */
export function loopVariable(items: readonly Value[], index: number, changed: Callable): Loop {
  const { length } = items;
  return new Loop(
    new Map<string, Value>([
      ['index', index + 1],
      ['index0', index],
      ['revindex', length - index],
      ['revindex0', length - index - 1],
      ['first', index === 0],
      ['last', index === length - 1],
      ['length', length],
      ['depth', 1],
      ['depth0', 0],
      [
        'previtem',
        index > 0 ? (items[index - 1] ?? null) : new Undefined(message('jinja_no_item', { at: 'previous' })),
      ],
      [
        'nextitem',
        index + 1 < length
          ? (items[index + 1] ?? null)
          : new Undefined(message('jinja_no_item', { at: 'next' })),
      ],
      ['changed', changed],
      [
        'cycle',
        new Callable(
          'cycle',
          (values) =>
            values[index % values.length] ??
            new Undefined(message('jinja_needs', { what: 'loop.cycle', wanted: 'value' })),
        ),
      ],
    ]),
  );
}
