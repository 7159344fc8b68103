import { classOf, type ErrorClass, type ErrorCode } from './error_codes';
import { errors } from './messages/en/errors';
import { english } from './messages/english';
import { errorWords, message, type ErrorValues, type Message, type MessageValues } from './messages/message';

export type { ErrorClass, ErrorCode } from './error_codes';

/** The content of a `TunesmithError` as a plain object that survives `postMessage` and JSON. */
export interface ErrorDescription extends Message {
  /** A stable name for programs, in lower-case words joined by underscores: `safetensors_overlap`. Each has a class. */
  readonly code: ErrorCode;
  /** The event and its place (file, record, tensor), as one sentence for the person. */
  readonly message: string;
  /** Advice to the person; empty if there is none. */
  readonly hint: string;
  /** More for developers (a cause, a stack, a log); empty when nothing is known. */
  readonly detail: string;
}

interface Circumstances {
  readonly detail?: string;
  readonly cause?: unknown;
}

interface InitOf<Code extends ErrorCode, Values> extends Circumstances {
  readonly code: Code;
  readonly values: Values;
  readonly message?: undefined;
}

interface InitWithoutValues<Code extends ErrorCode> extends Circumstances {
  readonly code: Code;
  readonly values?: undefined;
  readonly message?: undefined;
}

/** An error's code with the values that its words take. */
type KnownInit = {
  [Code in keyof typeof errors]: ErrorValues<Code> extends undefined
    ? InitWithoutValues<Code>
    : InitOf<Code, ErrorValues<Code>>;
}[keyof typeof errors];

interface SpokenInit extends Circumstances {
  readonly code: ErrorCode;
  readonly values?: MessageValues | undefined;
  readonly message: string;
  readonly hint?: string;
}

export type TunesmithErrorInit = KnownInit | SpokenInit;

/**
 * The one class of errors for people. It carries a code and values; the page and the command line turn them into words
 * of the person's language. Its own `message` and `hint` are English, for logs and for developers.
 */
export class TunesmithError extends Error implements ErrorDescription {
  readonly code: ErrorCode;
  readonly values: MessageValues;
  readonly hint: string;
  readonly detail: string;

  constructor(init: TunesmithErrorInit) {
    const { code, detail = '', cause } = init;
    const values = (init.values ?? {}) as MessageValues;
    const words = init.message === undefined ? errorWords(english, { code, values }) : init;
    super(shortened(words.message), cause === undefined ? undefined : { cause });
    this.name = 'TunesmithError';
    this.code = code;
    this.values = values;
    this.hint = words.hint ?? '';
    this.detail = detail;
  }

  get errorClass(): ErrorClass {
    return classOf(this.code);
  }
}

/** An error as a clause of another message. */
export function clauseOf({ code, values, message: text }: TunesmithError): Message {
  return Object.hasOwn(errors, code) ? { code, values } : message('sentence_kept', { text });
}

/** The class of a `TunesmithError`; undefined for anything else. */
export function errorClass(error: unknown): ErrorClass | undefined {
  return error instanceof TunesmithError ? error.errorClass : undefined;
}

/** Whether the storage was full. */
export function isFull(error: unknown): error is TunesmithError {
  return errorClass(error) === 'full';
}

/** The code of a `TunesmithError`; undefined for anything else. */
export function errorCode(error: unknown): ErrorCode | undefined {
  return error instanceof TunesmithError ? error.code : undefined;
}

/** Messages quote names and values from files; a damaged file may have very long ones. */
const MOST_MESSAGE = 1000;

function shortened(message: string): string {
  if (message.length <= MOST_MESSAGE) return message;
  return `${message.slice(0, MOST_MESSAGE / 2)} … ${message.slice(-MOST_MESSAGE / 2)}`;
}

/** The code in the description of an error that is no `TunesmithError`. */
export const UNEXPECTED_ERROR = 'unexpected_error';

/** The code in the description of an `AbortError`. Somebody stopped the work, so it is no failure. */
export const ABORTED = 'aborted';

/** Describes anything that was thrown. The result can be cloned to another thread, and never throws itself. */
export function describeError(error: unknown): ErrorDescription {
  if (error instanceof TunesmithError) {
    const { code, values, message, hint, detail } = error;
    return { code, values, message, hint, detail: detail || causeText(error.cause) };
  }
  if (error instanceof Error) {
    const aborted = error.name === 'AbortError';
    const text = error.message || error.name;
    return {
      code: aborted ? ABORTED : UNEXPECTED_ERROR,
      values: { text },
      message: text,
      hint: '',
      detail: [error.stack ?? '', causeText(error.cause)].filter((part) => part !== '').join('\n'),
    };
  }
  const text = textOf(error);
  return { code: UNEXPECTED_ERROR, values: { text }, message: text, hint: '', detail: '' };
}

/** The error that `describeError` described, on the other side of a `postMessage`. */
export function fromDescription(description: ErrorDescription): TunesmithError {
  return new TunesmithError(description);
}

function causeText(cause: unknown): string {
  if (cause === undefined) return '';
  if (cause instanceof Error) return `${cause.name}: ${cause.message}`;
  return textOf(cause);
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    const json = JSON.stringify(value) as string | undefined; // undefined for a function or a symbol
    return json ?? String(value);
  } catch {
    return String(value);
  }
}
