import { message, type Message } from '../messages/message';

/**
 * A kind of value: which values are allowed, how a person writes one on a command line or in a form, and how a form asks
 * for it. All values are plain JSON, so that they pass through storage, messages and checkpoints unchanged.
 */
export interface Kind<Value> {
  /** The allowed values, as a phrase after "must be": "a whole number from 1 to 1024". */
  readonly range: Message;
  readonly control: Control;
  /** The value, in its canonical form; undefined if it is not allowed. */
  read(value: unknown): { readonly value: Value } | undefined;
  /** The value that a text stands for; the text itself if it stands for none. `read` decides about the result. */
  fromText(text: string): unknown;
  /** A text that `fromText` and `read` turn into the value again. */
  toText(value: Value): string;
}

/**
 * How a form asks for a value. `optional`: the field may be empty, and the message says what that means. Options and
 * examples are written as `toText` writes them.
 */
export type Control =
  | { readonly type: 'number'; readonly range: NumberRange; readonly optional?: Message }
  | { readonly type: 'switch' }
  | { readonly type: 'choice'; readonly options: readonly string[]; readonly optional?: Message }
  | { readonly type: 'modules' }
  /** Free text, with examples to choose from. */
  | { readonly type: 'text'; readonly examples: readonly string[]; readonly optional?: Message };

/** At most one lower and one upper limit; without one, any finite number is allowed on that side. */
export interface NumberRange {
  /** The least value. */
  readonly from?: number;
  /** Excluded lower end. */
  readonly above?: number;
  /** The greatest value. */
  readonly most?: number;
  /** Excluded upper end. */
  readonly below?: number;
  /** Whole numbers only. */
  readonly whole?: true;
  /** From this value on, whole numbers only; below it, fractions too. */
  readonly wholeFrom?: number;
  /** A value outside of the range with a special meaning: -1 for "as many as the epochs have". */
  readonly special?: { readonly value: number; readonly meaning: Message };
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Reads a number as people write it: 2e-4, .001, −1. Any other text stays a text. */
function numberFromText(text: string): unknown {
  const trimmed = text.trim().replace('−', '-');
  return decimal.test(trimmed) ? Number(trimmed) : trimmed;
}

/** A number within a range. */
export function number(range: NumberRange): Kind<number> {
  const { from = -Infinity, above = -Infinity, most = Infinity, below = Infinity } = range;
  const { whole = false, wholeFrom = Infinity, special } = range;
  const allows = (value: number): boolean =>
    Number.isFinite(value) &&
    (value === special?.value ||
      (value >= from &&
        value > above &&
        value <= most &&
        value < below &&
        (Number.isInteger(value) || (!whole && value < wholeFrom))));
  return {
    range: rangeText(range),
    control: { type: 'number', range },
    // -0 would not survive JSON.
    read: (value) => (typeof value === 'number' && allows(value) ? { value: value + 0 } : undefined),
    fromText: numberFromText,
    toText: String,
  };
}

/** A whole number from `from` to `most`. */
export function whole(from: number, most: number, special?: NumberRange['special']): Kind<number> {
  return number({ from, most, whole: true, ...(special && { special }) });
}

function rangeText({ special, ...range }: NumberRange): Message {
  return withOther(message('range_number', range), special);
}

/** A range with one more value that has a special meaning. */
function withOther(range: Message, other: { value: number | string; meaning: Message } | undefined): Message {
  return other ? message('range_or', { range, value: String(other.value), meaning: other.meaning }) : range;
}

/** True or false. */
export function flag(): Kind<boolean> {
  return {
    range: message('range_flag'),
    control: { type: 'switch' },
    read: (value) => (typeof value === 'boolean' ? { value } : undefined),
    fromText: flagFromText,
    toText: String,
  };
}

function flagFromText(text: string): unknown {
  const trimmed = text.trim();
  return /^(true|false)$/i.test(trimmed) ? trimmed.toLowerCase() === 'true' : trimmed;
}

/** Texts that match a pattern, such as `pissa_niter_N` with any N. */
export interface TextPattern<Text extends string> {
  matches(text: string): text is Text;
  /** How a person writes one: "pissa_niter_N". */
  readonly shown: string;
  /** One of them: "pissa_niter_16". */
  readonly example: Text;
}

type ChoiceValue<Key extends string> = Key extends 'true' ? true : Key extends 'false' ? false : Key;

/**
 * One of a few values. The texts `true` and `false` stand for the booleans.
 *
 * @param aliases other names of a value: { adamw_torch_fused: 'adamw_torch' }
 * @param pattern texts that are allowed beside the options
 */
export function choice<const Key extends string, Text extends string = never>(
  keys: readonly Key[],
  {
    aliases = {},
    pattern,
  }: { readonly aliases?: Readonly<Record<string, NoInfer<Key>>>; readonly pattern?: TextPattern<Text> } = {},
): Kind<ChoiceValue<Key> | Text> {
  const valueOf = (key: Key): ChoiceValue<Key> =>
    (key === 'true' || key === 'false' ? key === 'true' : key) as ChoiceValue<Key>;
  const read = (value: unknown): { value: ChoiceValue<Key> | Text } | undefined => {
    if (typeof value === 'boolean') {
      const key = keys.find((each) => each === String(value));
      return key === undefined ? undefined : { value: valueOf(key) };
    }
    if (typeof value !== 'string') return undefined;
    const name = Object.hasOwn(aliases, value) ? aliases[value] : value;
    const key = keys.find((each) => each === name);
    if (key !== undefined) return { value: valueOf(key) };
    return pattern?.matches(value) ? { value } : undefined;
  };
  return {
    range: message('range_choice', { values: [...keys, ...(pattern ? [pattern.shown] : [])] }),
    control: pattern
      ? { type: 'text', examples: [...keys, pattern.example] }
      : { type: 'choice', options: keys },
    read,
    fromText: (text) => (/^(true|false)$/i.test(text.trim()) ? flagFromText(text) : text.trim()),
    toText: String,
  };
}

/** How an empty value is written. */
export const NONE = 'none';

/** Also allows null: the setting is off. Written as "none"; a form leaves the field empty. */
export function optional<Value>(kind: Kind<Value>, off: Message): Kind<Value | null> {
  const { control } = kind;
  return {
    range: withOther(kind.range, { value: NONE, meaning: off }),
    control:
      control.type === 'switch' || control.type === 'modules' ? control : { ...control, optional: off },
    read: (value) => (value === null ? { value } : kind.read(value)),
    fromText: (text) => (/^(none|null|off|)$/i.test(text.trim()) ? null : kind.fromText(text)),
    toText: (value) => (value === null ? NONE : kind.toText(value)),
  };
}
