import { format } from './format';

/** The cost of a run, on the page and on the command line. */
export const cost = {
  title: (line: string) => `Cost: ${line}`,
  unknown: 'give your device’s power and price',
  about: (energy: number, money: string) => `about ${format.number(energy)} kWh, ${money}`,
  was: (energy: number, money: string) => `${format.number(energy)} kWh, ${money}`,
  money: (amount: number, currency: string) => `${format.number(amount)} ${currency}`.trim(),
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
    `expected: ${time}, ${format.number(energy)} kWh, ${money}`,
  after: (time: string, energy: number, money: string) =>
    `took ${time}, ${format.number(energy)} kWh, ${money}`,
  onRented: (time: string, money: string, speed: number) =>
    `the same run on a rented GPU, at ${format.number(speed)} × this device’s speed: ${time}, ${money}`,
};
