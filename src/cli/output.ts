import type { JsonValue } from '../core/json';

/** Where a command says things. */
export interface Output {
  /** With --json: results are objects, one a line. */
  readonly isJson: boolean;
  /** One object of the result, on standard output; nothing without --json. */
  json(value: Readonly<Record<string, JsonValue>>): void;
  /** A line of the result for a person, on standard output; nothing with --json. */
  line(text: string): void;
  /** A piece of the result for a person, without a line break; nothing with --json. */
  text(text: string): void;
  /** Anything else, on standard error. */
  note(line: string): void;
  /** What is under way, on a terminal only: each replaces the one before. An empty one clears it. */
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
