import { JinjaError } from './errors';

/** Work that one rendering may do: seconds of it, many times what templates need. */
const MAX_STEPS = 10_000_000;
/** Of a text or a list that is copied as a whole: so many are one step. */
const UNITS_OF_STEP = 16;

/** Lists and mappings within each other that are compared or written: as many as Python has calls within each other. */
const MAX_DEPTH = 900;
/** Characters of a text, or items of a list, that a template puts together. */
const MAX_LENGTH = 10_000_000;

// Rendering is synchronous, so one count serves all that compares, copies and writes values on a template's behalf.
let left = MAX_STEPS;
let depth = 0;

/** Begins the count of a rendering. */
export function resetSteps(steps = MAX_STEPS): void {
  left = steps;
  depth = 0;
}

/** Does something with the items of a value. Throws JinjaError if too many values hold one another. */
export function within<T>(run: () => T): T {
  if (depth >= MAX_DEPTH) throw new JinjaError('lists or mappings go too deep');
  depth++;
  try {
    return run();
  } finally {
    depth--;
  }
}

/** Throws JinjaError if a text or a list would become longer than any prompt. */
export function checkLength(length: number, what: 'text' | 'list'): void {
  if (length > MAX_LENGTH) throw new JinjaError(`a ${what} would become too long`);
}

/**
 * Counts what a template is about to do: an expression, an item that is gone through, compared or written are one step
 * each, as values that share children are walked once for each way that leads to them.
 *
 * @throws JinjaError when the rendering has done more than any template needs
 */
export function takeSteps(steps = 1): void {
  left -= steps;
  if (!(left >= 0)) throw new JinjaError('the template does not come to an end');
}

/** Counts a text or a list of this length that is copied or searched as a whole. */
export function takeUnits(length: number): void {
  takeSteps(length / UNITS_OF_STEP);
}
