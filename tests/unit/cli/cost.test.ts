import { expect, it } from 'vitest';
import { pricesOf, reportCost } from '../../../src/cli/cost';
import { createOutput } from '../../../src/cli/output';

const argsOf = (given: Readonly<Record<string, string>>) => ({ text: (name: string) => given[name] });

function told(given: Readonly<Record<string, string>>, isJson: boolean): string {
  let out = '';
  const streams = { out: { write: (text: string) => (out += text) }, error: { write: () => true } };
  reportCost('after', 7200, pricesOf(argsOf(given)), createOutput(isJson, streams));
  return out;
}

it('the cost of a run is told as far as there are prices', () => {
  const energy = { watts: '250', price: '0.3', currency: 'EUR' };
  expect(told(energy, false)).toMatch(/0\.500 kWh, 0\.150 EUR\n$/);
  expect(JSON.parse(told({ ...energy, rented_per_hour: '3', rented_speed: '4' }, true))).toEqual({
    ...{ event: 'cost', when: 'after', seconds: 7200, currency: 'EUR' },
    ...{ kilowatt_hours: 0.5, price: 0.15, rented_seconds: 1800, rented_price: 1.5 },
  });
  expect(told({ rented_per_hour: '3' }, false)).toMatch(/at 1\.00 × this device’s speed: 2 h, 6\.00\n$/);
  expect(told({}, false)).toBe('');
});

it.each([
  ['argument_missing', { watts: '250' }],
  ['argument_missing', { price: '0.3' }],
  ['argument_amount', { watts: '0', price: '0.3' }],
  ['argument_amount', { rented_per_hour: '2,5' }],
])('what can’t be meant is refused: %s %j', (code, given) => {
  expect(() => pricesOf(argsOf(given))).toThrow(expect.objectContaining({ code }));
});
