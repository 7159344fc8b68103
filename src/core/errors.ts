import { classOf, type ErrorClass, type ErrorCode } from './error_codes';

export type { ErrorClass, ErrorCode } from './error_codes';

/** What a `TunesmithError` carries, as a plain object that survives `postMessage` and JSON. */
export interface ErrorDescription {
  /** A stable name for programs, in lower-case words joined by underscores: `safetensors_overlap`. Each has a class. */
  readonly code: ErrorCode;
  /** What happened and where (file, row, tensor), as one sentence for a person. */
  readonly message: string;
  /** What the person can do about it; empty when nothing is known. */
  readonly hint: string;
  /** What a developer wants to know as well (a cause, a stack, a log); empty when nothing is known. */
  readonly detail: string;
}

export interface TunesmithErrorInit {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly detail?: string;
  readonly cause?: unknown;
}

/** The one error class whose message is meant for the person in front of the page. */
export class TunesmithError extends Error implements ErrorDescription {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly detail: string;

  constructor({ code, message, hint = '', detail = '', cause }: TunesmithErrorInit) {
    super(shortened(message), cause === undefined ? undefined : { cause });
    this.name = 'TunesmithError';
    this.code = code;
    this.hint = hint;
    this.detail = detail;
  }

  get errorClass(): ErrorClass {
    return classOf(this.code);
  }
}

/** The class of an error; undefined for what is no `TunesmithError`. */
export function errorClass(error: unknown): ErrorClass | undefined {
  return error instanceof TunesmithError ? error.errorClass : undefined;
}

/** Whether there was no room in the storage. */
export function isFull(error: unknown): error is TunesmithError {
  return errorClass(error) === 'full';
}

/** The code of a `TunesmithError`; undefined for anything else. */
export function errorCode(error: unknown): ErrorCode | undefined {
  return error instanceof TunesmithError ? error.code : undefined;
}

/** Messages quote names and values from files; those of a damaged file may be of any length. */
const MOST_MESSAGE = 1000;

function shortened(message: string): string {
  if (message.length <= MOST_MESSAGE) return message;
  return `${message.slice(0, MOST_MESSAGE / 2)} … ${message.slice(-MOST_MESSAGE / 2)}`;
}

/** Code of the description of anything thrown that is no `TunesmithError`. */
export const UNEXPECTED_ERROR = 'unexpected_error';

/** Code of the description of an `AbortError`: somebody asked for the stop, so it is no failure. */
export const ABORTED = 'aborted';

/** Describes anything that was thrown. The result can be cloned to another thread, and never throws itself. */
export function describeError(error: unknown): ErrorDescription {
  if (error instanceof TunesmithError) {
    const { code, message, hint, detail } = error;
    return { code, message, hint, detail: detail || causeText(error.cause) };
  }
  if (error instanceof Error) {
    const aborted = error.name === 'AbortError';
    return {
      code: aborted ? ABORTED : UNEXPECTED_ERROR,
      message: error.message || error.name,
      hint: '',
      detail: [error.stack ?? '', causeText(error.cause)].filter((part) => part !== '').join('\n'),
    };
  }
  return { code: UNEXPECTED_ERROR, message: textOf(error), hint: '', detail: '' };
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
