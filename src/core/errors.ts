import { classOf, type ErrorClass, type ErrorCode } from './error_codes';
import { english } from './messages/english';
import { errorWords, type ErrorValues, type Message, type MessageValues } from './messages/message';

export type { ErrorClass, ErrorCode } from './error_codes';

/** The content of a `TunesmithError` as a plain object that survives `postMessage` and JSON. The catalogues have its words. */
export interface ErrorDescription extends Message {
  /** A stable name for programs, in lower-case words joined by underscores: `safetensors_overlap`. Each has a class. */
  readonly code: ErrorCode;
  readonly values: MessageValues;
  /** More for developers (a cause, a stack, a log), in English; empty when nothing is known. */
  readonly detail: string;
}

interface Circumstances {
  readonly detail?: string;
  readonly cause?: unknown;
}

type ValuesFor<Code extends ErrorCode> =
  ErrorValues<Code> extends undefined
    ? { readonly values?: undefined }
    : { readonly values: ErrorValues<Code> };

/** An error's code with the values that its words take. */
export type TunesmithErrorInit = {
  [Code in ErrorCode]: Circumstances & { readonly code: Code } & ValuesFor<Code>;
}[ErrorCode];

/**
 * The one error class that is meant for a person. It carries a code and values; the page and the command line make words
 * of them in the person's language. Its own `message` is English, for logs and for developers.
 */
export class TunesmithError extends Error implements ErrorDescription {
  readonly code: ErrorCode;
  readonly values: MessageValues;
  readonly detail: string;

  constructor(init: TunesmithErrorInit) {
    const { code, detail = '', cause } = init;
    const values = (init.values ?? {}) as MessageValues;
    super(errorWords(english, { code, values }).message, cause === undefined ? undefined : { cause });
    this.name = 'TunesmithError';
    this.code = code;
    this.values = values;
    this.detail = detail;
  }

  get errorClass(): ErrorClass {
    return classOf(this.code);
  }

  /** The error as a clause of another message. */
  get clause(): Message {
    return { code: this.code, values: this.values };
  }
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

/** The code in the description of an error that is no `TunesmithError`. */
export const UNEXPECTED_ERROR = 'unexpected_error';

/** The code in the description of an `AbortError`. Somebody stopped the work, so it is no failure. */
export const ABORTED = 'aborted';

/** Describes anything that was thrown. The result can be cloned to another thread, and never throws itself. */
export function describeError(error: unknown): ErrorDescription {
  if (error instanceof TunesmithError) {
    const { code, values, detail } = error;
    return { code, values, detail: detail || causeText(error.cause) };
  }
  if (error instanceof Error) {
    const aborted = error.name === 'AbortError';
    return {
      code: aborted ? ABORTED : UNEXPECTED_ERROR,
      values: aborted ? {} : { text: error.message || error.name },
      detail: [error.stack ?? '', causeText(error.cause)].filter((part) => part !== '').join('\n'),
    };
  }
  return { code: UNEXPECTED_ERROR, values: { text: textOf(error) }, detail: '' };
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
