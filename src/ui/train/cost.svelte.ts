import { array, finite, minValue, nullable, number, object, pipe, string } from 'valibot';
import { RENTALS, type Electricity, type Rental } from '../../core/cost';
import { keep, readKept } from '../shared/persist';

const amount = pipe(number(), finite(), minValue(0));
const positive = pipe(number(), finite(), minValue(Number.MIN_VALUE));
const schema = object({
  watts: nullable(amount),
  price: nullable(amount),
  currency: string(),
  rentals: array(
    object({
      ...{ name: string(), perHour: amount, currency: string(), speed: positive },
      ...{ date: string(), source: string() },
    }),
  ),
});

/** The person's electricity, and the GPUs that they might rent. Kept over a reload. */
export class CostState {
  watts: number | null = $state(null);
  /** The price of a kilowatt-hour. */
  price: number | null = $state(null);
  currency = $state('');
  rentals: readonly Rental[] = $state.raw(RENTALS);
  /** Undefined until both are known. */
  readonly electricity: Electricity | undefined = $derived(
    this.watts === null || this.price === null ? undefined : { watts: this.watts, price: this.price },
  );

  constructor() {
    const kept = readKept('cost', schema);
    if (!kept) return;
    this.watts = kept.watts;
    this.price = kept.price;
    this.currency = kept.currency;
    this.rentals = kept.rentals;
  }

  setWatts(watts: number | null): void {
    this.watts = valid(watts, 0) ? watts : null;
    this.#keep();
  }

  setPrice(price: number | null): void {
    this.price = valid(price, 0) ? price : null;
    this.#keep();
  }

  setCurrency(currency: string): void {
    this.currency = currency.trim();
    this.#keep();
  }

  /** Changes a rental. A price or a speed that can't be meant leaves it as it is. */
  change(index: number, change: Partial<Rental>): void {
    const { perHour = 0, speed = 1 } = change;
    if (!valid(perHour, 0) || !valid(speed, Number.MIN_VALUE)) return;
    this.rentals = this.rentals.map((rental, i) => (i === index ? { ...rental, ...change } : rental));
    this.#keep();
  }

  /** @param today ISO 8601 */
  add(name: string, today: string): void {
    const empty = { perHour: 0, currency: this.currency, speed: 1, date: today.slice(0, 10), source: '' };
    this.rentals = [...this.rentals, { name, ...empty }];
    this.#keep();
  }

  remove(index: number): void {
    this.rentals = this.rentals.filter((_, i) => i !== index);
    this.#keep();
  }

  #keep(): void {
    const { watts, price, currency, rentals } = this;
    keep('cost', { watts, price, currency, rentals });
  }
}

function valid(value: number | null, least: number): boolean {
  return value !== null && Number.isFinite(value) && value >= least;
}
