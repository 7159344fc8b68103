import type { JsonValue } from '../core/json';

/** A command's output. */
export interface Output {
  /** Set by --json: results are JSON objects, one a line. */
  readonly isJson: boolean;
  /** Writes an object of the result to standard output; only with --json. */
  json(value: Readonly<Record<string, JsonValue>>): void;
  /** Writes a line of the result for a person to standard output; not with --json. */
  line(text: string): void;
  /** Writes text of the result for a person, without a line break; not with --json. */
  text(text: string): void;
  /** Writes any other line to standard error. */
  note(line: string): void;
  /** Shows progress, only on a terminal. Each text replaces the one before; an empty text clears the line. */
  progress(text: string): void;
}

export interface Streams {
  readonly out: { write(text: string): unknown };
  readonly error: { write(text: string): unknown; readonly isTTY?: boolean };
}

export function createOutput(isJson: boolean, { out, error }: Streams = processStreams): Output {
  let progressShown = false;
  const progress = (text: string): void => {
    if (!error.isTTY || (text === '' && !progressShown)) return;
    // Carriage return, then "erase to the end of the line".
    error.write(`\r${text}\x1b[K`);
    progressShown = text !== '';
  };
  const forPerson = (text: string): void => {
    if (isJson) return;
    progress('');
    out.write(text);
  };
  return {
    isJson,
    json: (value) => {
      if (isJson) out.write(`${JSON.stringify(value)}\n`);
    },
    line: (text) => forPerson(`${text}\n`),
    text: forPerson,
    note: (line) => {
      progress('');
      error.write(`${line}\n`);
    },
    progress,
  };
}

const processStreams: Streams = { out: process.stdout, error: process.stderr };
