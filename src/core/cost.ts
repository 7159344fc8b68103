/** The cost of a run: energy on the person's device, and the rent of another one. Arithmetic alone, without claims. */

/** A person's electricity. */
export interface Electricity {
  /** The device's power while it trains, in watts. */
  readonly watts: number;
  /** The price of a kilowatt-hour, in the person's currency. */
  readonly price: number;
}

export interface EnergyCost {
  /** Kilowatt-hours. */
  readonly energy: number;
  readonly price: number;
}

/** A GPU that can be rented. */
export interface Rental {
  readonly name: string;
  /** The price of an hour, in `currency`. */
  readonly perHour: number;
  readonly currency: string;
  /** How many times as fast as the person's device it is assumed to be. */
  readonly speed: number;
  /** The day on which the price was read: 2026-11-09. */
  readonly date: string;
  /** The place where the price was read. */
  readonly source: string;
}

export interface RentedCost {
  /** Seconds of the same run at the assumed speed. */
  readonly seconds: number;
  readonly price: number;
}

const JOULES_PER_KILOWATT_HOUR = 3.6e6;
const SECONDS_PER_HOUR = 3600;

/** Energy = power × time. */
export function energyCost(seconds: number, { watts, price }: Electricity): EnergyCost {
  const energy = (watts * seconds) / JOULES_PER_KILOWATT_HOUR;
  return { energy, price: energy * price };
}

/** Time = the run's time ÷ the assumed ratio of the speeds; the rent is paid for this time alone. */
export function rentedCost(
  seconds: number,
  { perHour, speed }: Pick<Rental, 'perHour' | 'speed'>,
): RentedCost {
  const rented = seconds / speed;
  return { seconds: rented, price: (perHour * rented) / SECONDS_PER_HOUR };
}

/**
 * Prices to begin with. They change, so each has its date and its source; a person replaces them. The speed is 1 until a
 * person knows better: it depends on their device.
 */
export const RENTALS: readonly Rental[] = [
  {
    ...{ name: 'RTX4090-24GB', perHour: 0.29, currency: 'USD', speed: 1 },
    ...{ date: '2026-09-20', source: 'openrelay.inc/gpu-pricing-calculator' },
  },
  {
    ...{ name: 'A100-SXM-80GB', perHour: 1.79, currency: 'USD', speed: 1 },
    ...{ date: '2026-11-09', source: 'runpod.io/pricing' },
  },
  {
    ...{ name: 'H100-SXM-80GB', perHour: 3.99, currency: 'USD', speed: 1 },
    ...{ date: '2026-11-09', source: 'runpod.io/pricing' },
  },
];
