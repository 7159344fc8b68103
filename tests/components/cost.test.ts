import { flushSync } from 'svelte';
import { beforeEach, expect, it } from 'vitest';
import { RENTALS } from '../../src/core/cost';
import { language } from '../../src/ui/language.svelte';
import { CostState } from '../../src/ui/train/cost.svelte';
import Cost from '../../src/ui/train/Cost.svelte';
import { appOver, control, fill, press, show } from './page';

beforeEach(() => language.choose('en'));

it('the cost of a run stands in one line once power and price are given, also after a reload', () => {
  const app = appOver();
  const shown = show(Cost, app, { seconds: 7200 });
  const line = () => shown.querySelector('summary')?.textContent;
  expect(line()).toBe('Cost: give your device’s power and price');
  fill(control(shown, 'input', 'Power'), '250');
  fill(control(shown, 'input', 'Price of a kWh'), '0.3');
  fill(shown.querySelector('.fields input:not([type])'), 'EUR');
  expect(line()).toBe('Cost: 0.500 kWh, 0.150 EUR, estimated');
  const after = show(Cost, appOver(), { seconds: 3600, measured: true });
  expect(after.querySelector('summary')?.textContent).toBe('Cost: 0.250 kWh, 0.0750 EUR');
  fill(control(shown, 'input', 'Power'), '0.001');
  expect(line()).toBe('Cost: less than 0.00100 kWh, less than 0.0100 EUR, estimated');
  fill(control(shown, 'input', 'Power'), '');
  expect(line()).toContain('give your');
});

it('the table of rentals is the person’s: changed, extended, shortened and kept', () => {
  const app = appOver();
  const shown = show(Cost, app, { seconds: 7200 });
  const rows = () => [...shown.querySelectorAll('[data-testid=rental]')];
  expect(rows()).toHaveLength(RENTALS.length);
  const [first] = rows();
  fill(control(first!, 'input', 'Speed'), '4');
  fill(control(first!, 'input', 'Per hour'), '3');
  expect(first!.textContent).toMatch(/30 min\s*1\.50 USD/);
  fill(control(first!, 'input', 'Speed'), '0');
  expect(app.cost.rentals[0]?.speed).toBe(4);
  for (const [field, value] of [
    ['Currency', 'EUR'],
    ['Read on', '2026-12-01'],
    ['Source', 'my provider'],
  ] as const)
    fill(control(first!, 'input', field), value);
  fill(first!.querySelector('input'), 'Mine');
  press(control(shown, 'button', 'Add a GPU'));
  press(control(rows()[1]!, 'button', 'Remove'));
  flushSync();
  const kept = new CostState().rentals;
  expect(kept.map(({ name }) => name)).toEqual(['Mine', RENTALS[2]!.name, 'Another GPU']);
  expect(kept[0]).toMatchObject({ perHour: 3, speed: 4, currency: 'EUR', source: 'my provider' });
});
