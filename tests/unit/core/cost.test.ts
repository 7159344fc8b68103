import { expect, it } from 'vitest';
import { energyCost, rentedCost, RENTALS } from '../../../src/core/cost';

it('energy is power times time, and costs its price', () => {
  expect(energyCost(7200, { watts: 250, price: 0.3 })).toEqual({ energy: 0.5, price: 0.15 });
});

it('a rented run takes its share of the time, and costs that time alone', () => {
  const [rental] = RENTALS;
  expect(rentedCost(7200, { ...rental!, perHour: 3, speed: 4 })).toEqual({ seconds: 1800, price: 1.5 });
});

it('each price to begin with has a date and a source', () => {
  for (const { date, source, perHour } of RENTALS) {
    expect(date).toMatch(/^\d{4}-\d\d-\d\d$/);
    expect(source).not.toBe('');
    expect(perHour).toBeGreaterThan(0);
  }
});
