import type { ErrorCode } from '../error_codes';
import type { engine } from './en/engine';
import type { errors } from './en/errors';
import type { EngineEntry, ErrorEntry, ErrorWords } from './entry';

export type { ErrorWords } from './entry';

/**
 * A sentence as data: which one, and the values in it. Everything that travels (between threads, into storage, to a
 * program that reads JSON) is a message; `sentence` makes words of it where a person reads it.
 */
export interface Message {
  /** A key of the catalogue's `engine` or `errors`. */
  readonly code: MessageCode;
  readonly values?: MessageValues;
}

/** A message, or a sentence of a program from before there were messages. */
export type Told = Message | string;

export type MessageValues = Readonly<Record<string, MessageValue>>;

/** Plain JSON. A message within a message is a clause of it. */
export type MessageValue =
  | string
  | number
  | boolean
  | null
  | undefined
  | Message
  | readonly MessageValue[]
  | { readonly [name: string]: MessageValue };

type Engine = typeof engine;
type Errors = typeof errors;

export type EngineCode = keyof Engine;
export type MessageCode = EngineCode | ErrorCode;

/** A value as the code gives it: where the catalogue takes a text, a message may stand. */
type Given<Value> = string extends Value
  ? Value | Message
  : readonly string[] extends Value
    ? Exclude<Value, readonly string[]> | readonly (string | Message)[]
    : Value;

/** The values that an entry of the catalogue takes, as the code gives them; undefined if it takes none. */
export type ValuesOf<Entry> = Entry extends (values: infer Values) => unknown
  ? { readonly [Name in keyof Values]: Given<Values[Name]> }
  : undefined;

/** The values of a message of the engine. */
export type MessageValuesOf<Code extends EngineCode> = ValuesOf<Engine[Code]>;

/** The values of an error's words. */
export type ErrorValues<Code extends ErrorCode> = Code extends keyof Errors
  ? ValuesOf<Errors[Code]>
  : undefined;

/** A message of the engine. @param values as the English catalogue takes them */
export function message<Code extends EngineCode>(
  code: Code,
  ...given: ValuesOf<Engine[Code]> extends undefined ? [] : [values: ValuesOf<Engine[Code]>]
): Message {
  const [values] = given as readonly [values?: MessageValues];
  return values === undefined ? { code } : { code, values };
}

/** The part of a catalogue that the engine's messages need. */
export interface EngineWords {
  readonly engine: Readonly<Record<EngineCode, EngineEntry>>;
  readonly errors: Readonly<Record<keyof Errors, ErrorEntry>>;
}

/** A message in words: a sentence, or a clause of one. */
export function sentence(words: EngineWords, told: Message): string {
  const { code } = told;
  if (!Object.hasOwn(words.engine, code)) return errorWords(words, told).message;
  const entry = words.engine[code as EngineCode];
  return typeof entry === 'string' ? entry : entry(spoken(words, told.values ?? {}) as never);
}

/** An error in words: what happened, and what to do. A code that the catalogue lacks is given as it is. */
export function errorWords(words: EngineWords, { code, values = {} }: Message): ErrorWords {
  if (!Object.hasOwn(words.errors, code)) return { message: code };
  const entry = words.errors[code as keyof Errors];
  if (typeof entry !== 'function') return entry;
  const told = entry(spoken(words, values) as never);
  return { ...told, message: shortened(told.message) };
}

/** Messages quote names and values from files; a damaged file may have very long ones. */
const MOST_MESSAGE = 1000;

function shortened(message: string): string {
  if (message.length <= MOST_MESSAGE) return message;
  return `${message.slice(0, MOST_MESSAGE / 2)} … ${message.slice(-MOST_MESSAGE / 2)}`;
}

/** The values, with each message among them in words. */
function spoken(words: EngineWords, value: MessageValue): unknown {
  if (Array.isArray(value)) return value.map((each: MessageValue) => spoken(words, each));
  if (typeof value !== 'object' || value === null) return value;
  if (isMessage(words, value)) return sentence(words, value);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, spoken(words, each)]));
}

function isMessage(words: EngineWords, value: object): value is Message {
  const { code } = value as Partial<Message>;
  return typeof code === 'string' && (Object.hasOwn(words.engine, code) || Object.hasOwn(words.errors, code));
}
