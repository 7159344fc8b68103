import { inEnglish } from '../../core/messages/english';
import { message, type Told } from '../../core/messages/message';

/** Thrown if a template can't be read, or if it refuses its input. */
export class JinjaError extends Error {
  /** The fault as a clause, or a template's own words in `raise_exception`. */
  readonly reason: Told;

  /** @param line of the template, from 1 */
  constructor(fault: Told, line?: number) {
    const reason = line === undefined ? fault : message('jinja_line', { fault, line });
    super(inEnglish(reason));
    this.reason = reason;
  }
}

/** Python's white space, which differs a little from JavaScript's. */
export const PYTHON_SPACE =
  '[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';

/** The line breaks of Python's `splitlines`. */
export const PYTHON_LINE_BREAK = '(?:\\r\\n|[\\n\\r\\v\\f\\x1c-\\x1e\\x85\\u2028\\u2029])';
