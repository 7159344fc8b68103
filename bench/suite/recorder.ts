import type { Device } from '../../src/gpu/device';
import type { Filler } from './fill';
import { LIMIT_NAMES, type LimitMeasurement } from './limits';
import { interleaved, type Measurement, type Rounds } from './measure';
import type { Limit, Result, Unit } from './results';
import { summarize, type Summary } from './statistics';

/** A measurement and the name of its figure. */
export interface Entry extends Pick<Result, 'group' | 'name' | 'model' | 'tokens' | 'note'> {
  readonly measurement: Measurement;
  readonly flops?: number;
  readonly bytes?: number;
  /** Tokens of one run, if the figure is tokens a second. */
  readonly rate?: number;
}

/** The device's peak rates during a measurement, a second. */
export type Rates = Readonly<Record<Limit, number>>;

/** Measures, and collects the results. */
export class Recorder {
  readonly results: Result[] = [];
  readonly omitted: string[] = [];
  readonly device: Device;
  readonly filler: Filler;
  readonly #references: readonly LimitMeasurement[];
  readonly #rounds: Rounds;

  /** @param limits the device's limits; those with which figures are compared are measured again beside them */
  constructor(device: Device, filler: Filler, limits: readonly LimitMeasurement[], rounds: Rounds) {
    this.device = device;
    this.filler = filler;
    this.#references = limits.filter(({ limit }) => limit !== undefined);
    this.#rounds = rounds;
  }

  /** Takes samples of all entries and of the device's limits alternately. */
  async measure(entries: readonly Entry[], rounds = this.#rounds): Promise<Rates> {
    const measurements = [...this.#references, ...entries.map(({ measurement }) => measurement)];
    const samples = await interleaved(measurements, rounds);
    const rates = this.#rates(samples);
    entries.forEach((entry, index) => {
      const seconds = summarize(samples[this.#references.length + index] ?? []);
      this.results.push(resultOf(entry, seconds, rates));
    });
    return rates;
  }

  /** Measures the limits as figures of their own. */
  async measureLimits(limits: readonly LimitMeasurement[]): Promise<void> {
    const samples = await interleaved(limits, this.#rounds);
    limits.forEach(({ name, unit, work, note }, index) => {
      const seconds = summarize(samples[index] ?? []);
      const value = work === undefined ? seconds : perSecond(seconds, work);
      this.results.push({ group: 'limits', name, unit, ...value, note });
    });
  }

  /** Records a figure that isn't timed, or that follows from others. */
  note(result: Omit<Result, keyof Summary> & { readonly value: number }): void {
    const { value, ...rest } = result;
    this.results.push({ ...rest, median: value, min: value, max: value, samples: 1 });
  }

  #rates(samples: readonly (readonly number[])[]): Rates {
    const rate = (limit: Limit): number => {
      const index = this.#references.findIndex(({ name }) => name === LIMIT_NAMES[limit]);
      const { median } = summarize(samples[index] ?? []);
      return (this.#references[index]?.work ?? NaN) / median;
    };
    return { fma: rate('fma'), bandwidth: rate('bandwidth') };
  }
}

/** Converts the seconds of this much work to work a second. */
export function perSecond({ median, min, max, samples }: Summary, work: number): Summary {
  return { median: work / median, min: work / max, max: work / min, samples };
}

/**
 * The figure of an entry: tokens a second, or operations or bytes a second depending on the device's limit that bounds
 * it (Williams et al. 2009, "Roofline"), with its share of that limit.
 */
export function resultOf(entry: Entry, seconds: Summary, rates: Rates): Result {
  const { group, name, model, tokens, note, flops = 0, bytes = 0, rate } = entry;
  const least = { fma: flops / rates.fma, bandwidth: bytes / rates.bandwidth };
  const bound: Limit = least.fma >= least.bandwidth ? 'fma' : 'bandwidth';
  const fraction = least[bound] / seconds.median;
  const shared = { group, name, model, tokens, note, ...(flops + bytes > 0 && { bound, fraction }) };
  if (rate !== undefined) return { ...shared, unit: 'tokens/s', ...perSecond(seconds, rate) };
  if (flops + bytes === 0) return { ...shared, unit: 's', ...seconds };
  const unit: Unit = bound === 'fma' ? 'FLOP/s' : 'B/s';
  return { ...shared, unit, ...perSecond(seconds, bound === 'fma' ? flops : bytes) };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
