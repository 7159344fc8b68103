/** Thrown if a template can't be read, or if it refuses its input. */
export class JinjaError extends Error {
  /** @param line of the template, from 1 */
  constructor(message: string, line?: number) {
    super(line === undefined ? message : `${message} (line ${line})`);
  }
}

/** Python's white space, which differs a little from JavaScript's. */
export const PYTHON_SPACE =
  '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';

/** The line breaks of Python's `splitlines`. */
export const PYTHON_LINE_BREAK = '(?:\\r\\n|[\\n\\r\\v\\f\\x1c-\\x1e\\x85\\u2028\\u2029])';
