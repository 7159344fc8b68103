import { JinjaError } from './errors';

/** Work that one rendering may do: seconds of it, many times what templates need. */
const MAX_STEPS = 10_000_000;
/** Of a text or a list that is copied as a whole: so many are one step. */
const UNITS_OF_STEP = 16;

// Rendering is synchronous, so one count serves all that compares, copies and writes values on a template's behalf.
let left = MAX_STEPS;

/** Begins the count of a rendering. */
export function resetSteps(): void {
  left = MAX_STEPS;
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
