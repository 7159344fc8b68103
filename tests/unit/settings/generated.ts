import { streamOf, uniform } from '../../../src/core/random';
import type { NumberRange } from '../../../src/core/settings/kind';
import type { Setting } from '../../../src/core/settings/setting';

const DRAWS = 4;

/** Values that a setting must allow: the ends of its range, its special values, and some drawn between. */
export function legalValues(name: string, { kind, default: fallback }: Setting): unknown[] {
  const { control } = kind;
  const none = 'optional' in control ? [null] : [];
  switch (control.type) {
    case 'number':
      return [fallback, ...none, ...legalNumbers(name, control.range)];
    case 'switch':
      return [true, false];
    case 'choice':
      return [...none, ...control.options.map((text) => kind.fromText(text))];
    case 'modules':
      return ['all-linear', ['w1', 'in_proj'], ['v_proj', 'q_proj'], ['mlp.down_proj']];
    case 'text':
      return [fallback, ...none, ...control.examples.map((text) => kind.fromText(text))];
  }
}

/** Values that a setting must refuse. */
export function illegalValues({ kind }: Setting): unknown[] {
  const { control } = kind;
  const always = [Number.NaN, Infinity, 'no such value', { a: ['b'] }, [[]]];
  switch (control.type) {
    case 'number':
      return [...always, true, ...illegalNumbers(control.range)];
    case 'switch':
      return [...always, null, 0, 1, 'yes'];
    case 'choice':
      return [...always, 3, ''];
    case 'modules':
      return [...always, null, [], ['q_proj', 'q_proj'], 'q_proj', ['q proj'], ['']];
    case 'text':
      return always;
  }
}

function legalNumbers(name: string, range: NumberRange): number[] {
  const { from = -1e6, above = from, most = 1e6, below = most, whole, wholeFrom = Infinity, special } = range;
  const stream = streamOf(name);
  const low = Math.max(from, above);
  const high = Math.min(most, below);
  const draws = Array.from({ length: DRAWS }, (_, i) => {
    const drawn = low + uniform(1, stream, i) * (high - low);
    return whole || drawn >= wholeFrom ? Math.max(Math.ceil(drawn), low) : drawn;
  });
  const isInside = (value: number): boolean =>
    !(range.above !== undefined && value <= range.above) &&
    !(range.below !== undefined && value >= range.below);
  return [low, high, ...draws, ...(special ? [special.value] : [])].filter(isInside);
}

function illegalNumbers({ from, above, most, below, whole, wholeFrom, special }: NumberRange): number[] {
  return [
    ...(from === undefined ? [] : [from - 1]),
    ...(above === undefined ? [] : [above]),
    ...(most === undefined ? [] : [most + 1]),
    ...(below === undefined ? [] : [below]),
    ...(whole ? [(from ?? 0) + 0.5] : []),
    ...(wholeFrom === undefined ? [] : [wholeFrom + 0.5]),
  ].filter((value) => value !== special?.value);
}
