import { llama3Divisors, type Llama3Scaling } from './rotary_table';

/** The parameters of all published models; only the factor differs. */
const USUAL = { low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8192 };

/** Most relative difference between the factors of a file and those of the found parameters. */
const TOLERANCE = 1e-4;

/**
 * Finds the parameters of Llama 3.1's scaling from its divisors of the frequencies: 1 for the high ones, one number for
 * the low ones and a ramp between. Undefined if the divisors do not have this form.
 *
 * @param divisors one for every two elements of a head
 */
export function llama3Scaling(divisors: readonly number[], theta: number): Llama3Scaling | undefined {
  const factor = Math.max(...divisors);
  const dim = 2 * divisors.length;
  const wavelengths = divisors.map((_, i) => 2 * Math.PI * theta ** ((2 * i) / dim));
  const candidates: Llama3Scaling[] = [
    { type: 'llama3', factor, ...USUAL },
    { type: 'llama3', factor, ...fitted(divisors, wavelengths, factor) },
  ];
  return candidates.find((scaling) => {
    const expected = llama3Divisors({ theta, dim, scaling });
    return divisors.every((value, i) => Math.abs(value - expected[i]!) <= TOLERANCE * value);
  });
}

/**
 * On the ramp, 1 / divisor = (1 - s) / factor + s with s = (original / wavelength - low) / (high - low), which is a line
 * over 1 / wavelength: s = a / wavelength - b. Two points give a and b, and they give original / low = a / b and
 * high / low = 1 + 1 / b.
 */
function fitted(
  divisors: readonly number[],
  wavelengths: readonly number[],
  factor: number,
): Omit<Llama3Scaling, 'type' | 'factor'> {
  const shareOf = (divisor: number): number => (1 / divisor - 1 / factor) / (1 - 1 / factor);
  const ramp = divisors.flatMap((divisor, i) =>
    divisor > 1 && divisor < factor ? [{ x: 1 / wavelengths[i]!, s: shareOf(divisor) }] : [],
  );
  const [first, last] = [ramp[0], ramp.at(-1)];
  if (first && last && first !== last) {
    const a = (first.s - last.s) / (first.x - last.x);
    return parametersOf(a, a * first.x - first.s);
  }
  // One point fits any ratio, so the usual one is taken.
  if (first) return parametersOf((first.s + 1 / 3) / first.x, 1 / 3);
  const kept = Math.max(0, ...wavelengths.filter((_, i) => divisors[i] === 1));
  const divided = Math.min(...wavelengths.filter((_, i) => divisors[i] !== 1));
  // The ramp lies between two neighbours: from the middle of their ratio to the longer one.
  const ratio = Math.min(4, Math.sqrt(divided / kept));
  return parametersOf(divided / (ratio - 1), 1 / (ratio - 1));
}

/** Any whole number can be the original context, because only its ratios to the other parameters count. */
function parametersOf(a: number, b: number): Omit<Llama3Scaling, 'type' | 'factor'> {
  const original_max_position_embeddings = Math.max(1, Math.round(a / b));
  const low_freq_factor = (original_max_position_embeddings * b) / a;
  return {
    low_freq_factor,
    high_freq_factor: low_freq_factor * (1 + 1 / b),
    original_max_position_embeddings,
  };
}
