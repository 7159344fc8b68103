import { energyCost, rentedCost, type Electricity, type Rental } from '../core/cost';
import { TunesmithError } from '../core/errors';
import type { Arguments, OptionSpec } from './arguments';
import { t } from './language';
import type { Output } from './output';

export const COST_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  watts: { value: 'W', kind: 'text', help: t.cli.options.watts },
  price: { value: 'PRICE', kind: 'text', help: t.cli.options.price },
  currency: { value: 'NAME', kind: 'text', help: t.cli.options.currency },
  rented_per_hour: { value: 'PRICE', kind: 'text', help: t.cli.options.rentedPerHour },
  rented_speed: { value: 'RATIO', kind: 'text', help: t.cli.options.rentedSpeed },
};

/** The prices that a person gave. */
export interface Prices {
  readonly electricity: Electricity | undefined;
  readonly rental: Pick<Rental, 'perHour' | 'speed'> | undefined;
  readonly currency: string;
}

/** @throws TunesmithError `argument_amount`, `argument_missing` */
export function pricesOf(args: Pick<Arguments, 'text'>): Prices {
  const amount = (option: string): number | undefined => {
    const given = args.text(option);
    if (given === undefined) return undefined;
    const value = /^\d*\.?\d+$/.test(given) ? Number(given) : Number.NaN;
    if (value > 0 && Number.isFinite(value)) return value;
    throw new TunesmithError({ code: 'argument_amount', values: { option, given } });
  };
  const [watts, price, perHour] = [amount('watts'), amount('price'), amount('rented_per_hour')];
  if ((watts === undefined) !== (price === undefined)) {
    const [option, value] = watts === undefined ? ['watts', 'W'] : ['price', 'PRICE'];
    throw new TunesmithError({ code: 'argument_missing', values: { command: 'train', option, value } });
  }
  return {
    electricity: watts === undefined || price === undefined ? undefined : { watts, price },
    rental: perHour === undefined ? undefined : { perHour, speed: amount('rented_speed') ?? 1 },
    currency: args.text('currency') ?? '',
  };
}

/** Tells the cost of a run, as far as prices are given. @param seconds of the whole run, without its pauses */
export function reportCost(when: 'before' | 'after', seconds: number, prices: Prices, output: Output): void {
  const { electricity, rental, currency } = prices;
  if (!electricity && !rental) return;
  const energy = electricity && energyCost(seconds, electricity);
  const rent = rental && rentedCost(seconds, rental);
  output.json({
    ...{ event: 'cost', when, seconds, currency },
    ...(energy && { kilowatt_hours: energy.energy, price: energy.price }),
    ...(rent && { rented_seconds: rent.seconds, rented_price: rent.price }),
  });
  if (energy) {
    const money = t.cost.money(energy.price, currency);
    output.line(t.cost[when](t.format.seconds(seconds), energy.energy, money));
  }
  if (rental && rent) {
    const money = t.cost.money(rent.price, currency);
    output.line(t.cost.onRented(t.format.seconds(rent.seconds), money, rental.speed));
  }
}
