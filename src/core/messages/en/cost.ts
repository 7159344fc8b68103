import { format } from './format';

/** Amounts below the least are not told more exactly: a person wants no powers of ten here. */
const LEAST_MONEY = 0.01;
const LEAST_ENERGY = 0.001;

function atLeast(amount: number, least: number): string {
  return amount > 0 && amount < least ? `less than ${format.number(least)}` : format.number(amount);
}

const kilowattHours = (energy: number) => `${atLeast(energy, LEAST_ENERGY)} kWh`;

/** The cost of a run, on the page and on the command line. */
export const cost = {
  title: (line: string) => `Cost: ${line}`,
  unknown: 'give your device’s power and price',
  about: (energy: number, money: string) => `${kilowattHours(energy)}, ${money}, estimated`,
  was: (energy: number, money: string) => `${kilowattHours(energy)}, ${money}`,
  money: (amount: number, currency: string) => `${atLeast(amount, LEAST_MONEY)} ${currency}`.trim(),
  watts: 'Power in watts',
  price: 'Price of a kWh',
  currency: 'Currency',
  rented: 'The same run on a rented GPU.',
  rentedHelp:
    'The time is that of this device divided by the speed, which is your assumption: 2 means twice as fast as this device. The prices were read on their date; change them.',
  name: 'GPU',
  speed: 'Speed',
  time: 'Time',
  total: 'Cost',
  perHour: 'Per hour',
  date: 'Read on',
  source: 'Source',
  remove: 'Remove',
  add: 'Add a GPU',
  another: 'Another GPU',
  of: (field: string, name: string) => `${field}: ${name}`,
  before: (time: string, energy: number, money: string) =>
    `expected: ${time}, ${kilowattHours(energy)}, ${money}`,
  after: (time: string, energy: number, money: string) => `took ${time}, ${kilowattHours(energy)}, ${money}`,
  onRented: (time: string, money: string, speed: number) =>
    `the same run on a rented GPU, at ${format.number(speed)} × this device’s speed: ${time}, ${money}`,
};
