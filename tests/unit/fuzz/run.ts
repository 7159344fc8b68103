import { expect } from 'vitest';
import { TunesmithError } from '../../../src/core/errors';
import { Draw } from './mutate';

/** Kinds of input that share the number of mutations. */
const TARGETS = 10;
/** Mutations of all kinds together: `npm run fuzz` makes 10,000 of them, or as many as TUNESMITH_FUZZ says. */
const MUTATIONS = Number(process.env['TUNESMITH_FUZZ'] ?? 600);
/** One input takes milliseconds of the processor, which others that use it too do not add to. */
const MOST_MILLISECONDS = 5000;
const MOST_BYTES = 512 * 2 ** 20;

export interface Outcome {
  readonly accepted: number;
  readonly refused: number;
}

/** For a test that uses `fuzz`. */
export const TIMEOUT = 600_000;

/**
 * Tries mutated inputs: each must be refused by a `TunesmithError`, or accepted and then hold what `attempt` checks of it.
 * Neither may take long or much memory. What goes wrong is told with its number, by which it comes again.
 *
 * @param attempt makes an input, uses it, and throws if it is refused; throws something else where a check fails
 */
export async function fuzz(name: string, attempt: (draw: Draw) => unknown): Promise<Outcome> {
  let accepted = 0;
  let refused = 0;
  const count = Math.ceil(MUTATIONS / TARGETS);
  for (let index = 0; index < count; index++) {
    const before = process.memoryUsage();
    const begin = process.cpuUsage();
    try {
      await attempt(new Draw(name, index));
      accepted++;
    } catch (error) {
      if (!(error instanceof TunesmithError)) {
        throw new Error(`${name} ${index}: ${String(error)}`, { cause: error });
      }
      expect(error.message.length, `${name} ${index} is refused at length`).toBeLessThan(1100);
      refused++;
    }
    const after = process.memoryUsage();
    const bytes = after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers;
    const { user, system } = process.cpuUsage(begin);
    expect((user + system) / 1000, `${name} ${index} took long`).toBeLessThan(MOST_MILLISECONDS);
    expect(bytes, `${name} ${index} took much memory`).toBeLessThan(MOST_BYTES);
  }
  // A target that refuses everything, or nothing, tests less than it seems to.
  expect(refused, `${name}: refused`).toBeGreaterThan(0);
  return { accepted, refused };
}

export function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`accepted, although ${what}`);
}
