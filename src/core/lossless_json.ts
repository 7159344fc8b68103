import { inEnglish } from './messages/english';
import { message, type Message, type MessageValuesOf } from './messages/message';

/**
 * JSON read without losing anything that Python's `json.loads` keeps: integers of any size, whether a number is a float
 * (1.0 is not 1), the order of an object's keys, NaN and the infinities. If a key occurs twice, its last value counts.
 */
export type LosslessJson =
  | null
  | boolean
  /** An integer that a number holds exactly. */
  | number
  /** Any other integer. */
  | bigint
  | string
  | Float
  | readonly LosslessJson[]
  | LosslessObject;

/** A plain object if that keeps the order of its keys, else a Map: plain objects move keys of digits to the front. */
export type LosslessObject = LosslessFields | ReadonlyMap<string, LosslessJson>;

export interface LosslessFields {
  readonly [key: string]: LosslessJson;
}

/** A number written with a point or an exponent, or NaN or an infinity. */
export class Float {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** The token that should end a text. */
type Expected = MessageValuesOf<'json_ends'>['expected'];

/** Why a text is no JSON, and where. */
export class JsonFault extends Error {
  readonly reason: Message;
  /** In UTF-16 units from the beginning of the text. */
  readonly offset: number;

  constructor(reason: Message, offset: number) {
    super(inEnglish(reason));
    this.name = 'JsonFault';
    this.reason = reason;
    this.offset = offset;
  }
}

/** Thrown if the text ends before a value does and more text may follow. */
export class JsonUnfinished extends Error {}

/** Lists and objects within each other, at most. Python's own bound is near 1000. */
const MOST_DEPTH = 500;
/** Digits of an integer, at most: as in Python. */
const MOST_DIGITS = 4300;

/** The fields of an object, in no particular order; undefined for any other value. */
export function fieldsOf(value: unknown): LosslessFields | undefined {
  if (value instanceof Map) return Object.fromEntries(value as ReadonlyMap<string, LosslessJson>);
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Float)
    return undefined;
  return value as LosslessFields;
}

/** Reads a text that is one JSON value. @throws JsonFault */
export function parseLosslessJson(text: string): LosslessJson {
  const parser = new LosslessParser(text, true);
  parser.skipSpace();
  const value = parser.value();
  parser.skipSpace();
  if (parser.at < text.length) throw new JsonFault(message('json_trailing'), parser.at);
  const half = parser.halfCharacter();
  if (half) throw half;
  return value;
}

/** A value as JSON text, from which `parseLosslessJson` reads the same value. */
export function losslessText(value: LosslessJson): string {
  if (value instanceof Float) return floatText(value.value);
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${value.map((item) => losslessText(item as LosslessJson)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries: Iterable<readonly [string, LosslessJson]> =
    value instanceof Map ? (value as ReadonlyMap<string, LosslessJson>) : Object.entries(value);
  const fields = Array.from(entries, ([key, field]) => `${JSON.stringify(key)}:${losslessText(field)}`);
  return `{${fields.join(',')}}`;
}

function floatText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const text = Object.is(value, -0) ? '-0' : String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const NUMBER_LETTERS = /[-+0-9.eE]*/y;
const CONTROL = /[^\u0020-\uffff]/g;
const WORD = /[\p{L}\p{N}_$]+/uy;

const LITERALS: ReadonlyMap<string, LosslessJson> = new Map<string, LosslessJson>([
  ['true', true],
  ['false', false],
  ['null', null],
  ['NaN', new Float(NaN)],
  ['Infinity', new Float(Infinity)],
  ['-Infinity', new Float(-Infinity)],
]);
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** Reads JSON values one after the other from a text that may still grow. */
export class LosslessParser {
  readonly #text: string;
  readonly #final: boolean;
  /** Offset of the next letter to read. */
  at = 0;
  /** Offset of an escape that is half of a character, if one was read since the last call of `halfCharacter`. */
  #loneSurrogate: number | undefined;
  #nextBackslash = -1;
  #nextControl = -1;

  /** @param final no more text follows; otherwise a value at its end throws `JsonUnfinished` */
  constructor(text: string, final: boolean) {
    this.#text = text;
    this.#final = final;
  }

  skipSpace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.at++;
    }
  }

  /** The letter at `at`. @throws JsonUnfinished, JsonFault at the end of the text */
  peek(expected: Expected): string {
    const letter = this.#text[this.at];
    if (letter !== undefined) return letter;
    if (!this.#final) throw new JsonUnfinished();
    throw new JsonFault(message('json_ends', { expected }), this.at);
  }

  /** Reads the value that begins at `at` and moves `at` behind it. @throws JsonFault, JsonUnfinished */
  value(depth = 0): LosslessJson {
    if (depth > MOST_DEPTH) {
      throw new JsonFault(message('json_too_deep', { most: MOST_DEPTH }), this.at);
    }
    const letter = this.peek('value');
    if (letter === '"') return this.#string();
    if (letter === '{') return this.#object(depth);
    if (letter === '[') return this.#list(depth);
    if (letter === '-' || (letter >= '0' && letter <= '9')) return this.#number();
    return this.#literal();
  }

  /**
   * Call it after an item. Returns true if a comma follows, and moves behind it; false if the list or object is closed.
   */
  goesOn(close: ']' | '}'): boolean {
    this.skipSpace();
    const letter = this.peek(close === ']' ? 'list_goes_on' : 'object_goes_on');
    if (letter !== ',' && letter !== close) {
      throw this.#fault((found) => message('json_comma_missing', { close, found }));
    }
    this.at++;
    if (letter === close) return false;
    const comma = this.at - 1;
    this.skipSpace();
    if (this.peek('value') === close) throw new JsonFault(message('json_comma_extra', { close }), comma);
    return true;
  }

  /**
   * The fault of the values read since the last call, if a text in them has half of a character. Python reads such
   * texts.
   */
  halfCharacter(): JsonFault | undefined {
    const at = this.#loneSurrogate;
    this.#loneSurrogate = undefined;
    if (at === undefined) return undefined;
    return new JsonFault(message('json_half_character'), at);
  }

  #list(depth: number): LosslessJson[] {
    this.at++;
    const items: LosslessJson[] = [];
    this.skipSpace();
    if (this.peek('value_or_end') === ']') {
      this.at++;
      return items;
    }
    do items.push(this.value(depth + 1));
    while (this.goesOn(']'));
    return items;
  }

  #object(depth: number): LosslessObject {
    this.at++;
    const fields: Record<string, LosslessJson> = {};
    let ordered: Map<string, LosslessJson> | undefined;
    this.skipSpace();
    if (this.peek('key_or_end') === '}') {
      this.at++;
      return fields;
    }
    do {
      if (this.peek('key') !== '"') throw this.#fault((found) => message('json_key_unquoted', { found }));
      const key = this.#string();
      this.skipSpace();
      if (this.peek('colon') !== ':') throw this.#fault((found) => message('json_colon_missing', { found }));
      this.at++;
      this.skipSpace();
      const value = this.value(depth + 1);
      if (!ordered && losesPlace(key)) ordered = new Map(Object.entries(fields));
      if (ordered) ordered.set(key, value);
      else fields[key] = value;
    } while (this.goesOn('}'));
    return ordered ?? fields;
  }

  #string(): string {
    const text = this.#text;
    const begin = this.at;
    let from = begin + 1;
    let read = '';
    for (;;) {
      const quote = text.indexOf('"', from);
      const stop = quote < 0 ? text.length : quote;
      const control = this.#controlFrom(from);
      const backslash = this.#backslashFrom(from);
      if (control < stop && control < backslash) throw controlFault(text, control);
      if (backslash >= stop) {
        if (quote < 0) throw this.#unfinishedString(begin);
        this.at = quote + 1;
        return read === '' ? text.slice(from, quote) : read + text.slice(from, quote);
      }
      read += text.slice(from, backslash);
      const letter = text[backslash + 1];
      if (letter === undefined) throw this.#unfinishedString(begin);
      if (letter === 'u') {
        const hex = text.slice(backslash + 2, backslash + 6);
        if (backslash + 6 > text.length && !this.#final) throw new JsonUnfinished();
        if (!/^[0-9a-fA-F]{4}$/.test(hex)) throw new JsonFault(message('json_hexadecimal'), backslash);
        this.#checkPair(backslash, parseInt(hex, 16), read);
        read += String.fromCharCode(parseInt(hex, 16));
        from = backslash + 6;
      } else {
        const meant = ESCAPES[letter];
        if (meant === undefined) throw new JsonFault(message('json_escape', { letter }), backslash);
        read += meant;
        from = backslash + 2;
      }
    }
  }

  /** Remembers an escape that is half of a character if the other half is not beside it. */
  #checkPair(at: number, code: number, before: string): void {
    if (code < 0xd800 || code > 0xdfff) return;
    const high = code < 0xdc00;
    if (high && !this.#final && this.#text.length < at + 12) throw new JsonUnfinished();
    const paired = high
      ? /^\\u[dD][c-fC-F][0-9a-fA-F]{2}/.test(this.#text.slice(at + 6, at + 12))
      : /[\ud800-\udbff]$/.test(before.slice(-1)) && this.#text[at - 6] === '\\';
    if (!paired) this.#loneSurrogate ??= at;
  }

  #backslashFrom(from: number): number {
    if (this.#nextBackslash < from) this.#nextBackslash = orEnd(this.#text.indexOf('\\', from));
    return this.#nextBackslash;
  }

  #controlFrom(from: number): number {
    if (this.#nextControl < from) {
      CONTROL.lastIndex = from;
      this.#nextControl = orEnd(CONTROL.exec(this.#text)?.index ?? -1);
    }
    return this.#nextControl;
  }

  #unfinishedString(begin: number): Error {
    return this.#final ? new JsonFault(message('json_quote_open'), begin) : new JsonUnfinished();
  }

  #number(): LosslessJson {
    NUMBER_LETTERS.lastIndex = this.at;
    const letters = NUMBER_LETTERS.exec(this.#text)?.[0] ?? '';
    if (this.at + letters.length === this.#text.length && !this.#final) throw new JsonUnfinished();
    if (letters === '-' && this.#text[this.at + 1] === 'I') return this.#literal();
    NUMBER.lastIndex = this.at;
    const [written, fraction, exponent] = NUMBER.exec(this.#text) ?? [];
    if (written !== letters) {
      throw new JsonFault(message('json_number', { found: letters.slice(0, 40) }), this.at);
    }
    this.at += written.length;
    if (fraction !== undefined || exponent !== undefined) return new Float(Number(written));
    if (written.length < 16) return Number(written) + 0; // Python's -0 is 0
    const digits = written.startsWith('-') ? written.length - 1 : written.length;
    if (digits > MOST_DIGITS) {
      throw new JsonFault(message('json_digits', { digits, most: MOST_DIGITS }), this.at - written.length);
    }
    const whole = BigInt(written);
    return Number.isSafeInteger(Number(whole)) ? Number(whole) : whole;
  }

  #literal(): LosslessJson {
    const { at } = this;
    for (const [word, value] of LITERALS) {
      const found = this.#text.slice(at, at + word.length);
      if (found === word && !isWordLetter(this.#text[at + word.length])) {
        this.at += word.length;
        return value;
      }
      if (!this.#final && at + found.length === this.#text.length && word.startsWith(found))
        throw new JsonUnfinished();
    }
    throw this.#fault((found) => message('json_no_value', { found }));
  }

  /** A fault at `at`: names a common mistake if the text there shows one, else gives `reason` with the text found. */
  #fault(reason: (found: string) => Message): JsonFault {
    const { at } = this;
    const letter = this.#text[at] ?? '';
    WORD.lastIndex = at;
    const word = WORD.exec(this.#text)?.[0].slice(0, 40);
    const shown = word ?? (/[\p{C}\p{Z}]/u.test(letter) ? codePoint(letter) : letter);
    return new JsonFault(MISTAKES.get(word ?? letter) ?? reason(shown), at);
  }
}

/** Common mistakes in the place of JSON. */
const MISTAKES: ReadonlyMap<string, Message> = new Map([
  ["'", message('json_single_quotes')],
  ['“', message('json_curly_quotes')],
  ['”', message('json_curly_quotes')],
  ['/', message('json_comment')],
  ['#', message('json_comment')],
  ['\ufeff', message('json_byte_order_mark')],
  ['None', message('json_python', { word: 'None', meant: 'null' })],
  ['True', message('json_python', { word: 'True', meant: 'true' })],
  ['False', message('json_python', { word: 'False', meant: 'false' })],
  ['undefined', message('json_undefined')],
]);

/** Plain objects put keys of digits first, and give `__proto__` a meaning of its own. */
function losesPlace(key: string): boolean {
  const first = key.charCodeAt(0);
  return (first >= 0x30 && first <= 0x39 && /^[0-9]+$/.test(key)) || key === '__proto__';
}

function controlFault(text: string, at: number): JsonFault {
  const letter = text[at];
  if (letter === '\n' || letter === '\r') {
    return new JsonFault(message('json_line_break'), at);
  }
  if (letter === '\t') return new JsonFault(message('json_tab'), at);
  return new JsonFault(message('json_control', { character: codePoint(letter ?? '') }), at);
}

function codePoint(letter: string): string {
  return `U+${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

function isWordLetter(letter: string | undefined): boolean {
  return letter !== undefined && /[\p{L}\p{N}_]/u.test(letter);
}

function orEnd(index: number): number {
  return index < 0 ? Infinity : index;
}

/** The value of a JSON text; undefined if it is malformed. */
export function losslessJsonOf(text: string): LosslessJson | undefined {
  try {
    return parseLosslessJson(text);
  } catch (error) {
    if (error instanceof JsonFault) return undefined;
    throw error;
  }
}
