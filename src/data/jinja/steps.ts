import { message } from '../../core/messages/message';
import { JinjaError } from './errors';

/** Limit of the work of one rendering: some seconds, many times what templates need. */
const MAX_STEPS = 10_000_000;
/** Copying this many characters or items counts as one step. */
const UNITS_OF_STEP = 16;

/** Deepest nesting of lists and mappings that are compared or written: about Python's limit of nested calls. */
const MAX_DEPTH = 900;
/** Longest text (in characters) or list (in items) that a template may build. */
const MAX_LENGTH = 10_000_000;

// Rendering is synchronous, so one global count serves all functions that compare, copy and write values for a
// template.
let left = MAX_STEPS;
let depth = 0;

/** Resets the count for a new rendering. */
export function resetSteps(steps = MAX_STEPS): void {
  left = steps;
  depth = 0;
}

/** Runs a function on the items of a value. Throws JinjaError if values are nested too deeply. */
export function within<T>(run: () => T): T {
  if (depth >= MAX_DEPTH) throw new JinjaError(message('jinja_deep'));
  depth++;
  try {
    return run();
  } finally {
    depth--;
  }
}

/** Throws JinjaError if a text or a list would become longer than any prompt. */
export function checkLength(length: number, what: 'text' | 'list'): void {
  if (length > MAX_LENGTH) throw new JinjaError(message('jinja_long', { what, most: MAX_LENGTH }));
}

/**
 * Counts work before a template does it. An expression, and each item that is iterated, compared or written, is one
 * step. A value with several parents counts once for each way that leads to it, because it is walked that often.
 *
 * @throws JinjaError if the rendering has done more than any template needs
 */
export function takeSteps(steps = 1): void {
  left -= steps;
  if (!(left >= 0)) throw new JinjaError(message('jinja_endless'));
}

/** Counts the copy or search of a whole text or list of this length. */
export function takeUnits(length: number): void {
  takeSteps(length / UNITS_OF_STEP);
}
