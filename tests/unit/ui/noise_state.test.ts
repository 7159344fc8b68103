import { expect, it, vi } from 'vitest';
import { ABORTED, TunesmithError } from '../../../src/core/errors';
import { NoiseState } from '../../../src/ui/export/noise.svelte';
import { adapterReport, engineOf } from './engine';

function noiseOver(reduceNoise: () => Promise<unknown>) {
  const exports = { adapter: adapterReport(), refresh: vi.fn(() => Promise.resolve()) };
  const stopExport = vi.fn(() => Promise.resolve());
  const engine = engineOf({ adapter: { reduceNoise, stopExport } });
  return { noise: new NoiseState(engine, exports, () => undefined), exports, stopExport };
}

it('shows an error, and is free again', async () => {
  const error = new TunesmithError({ code: 'not_reducible', values: { kind: 'DoRA' } });
  const { noise } = noiseOver(() => Promise.reject(error));
  const working = noise.reduce();
  expect(noise.running).toBe(true);
  await working;
  expect(noise.running).toBe(false);
  expect(noise.error?.code).toBe('not_reducible');
  expect(noise.reduction).toBeUndefined();
});

it('says nothing of a stop', async () => {
  const { noise, stopExport } = noiseOver(() => Promise.reject(new TunesmithError({ code: ABORTED })));
  const working = noise.reduce();
  await noise.stop();
  await working;
  expect(stopExport).toHaveBeenCalledOnce();
  expect([noise.error, noise.stopping, noise.running]).toEqual([undefined, false, false]);
});

it('tells what was reduced as long as that adapter is open', async () => {
  const reduction = { modules: [], parameters: { before: 4, after: 2 } };
  const { noise, exports } = noiseOver(() => Promise.resolve(reduction));
  await noise.reduce();
  expect(exports.refresh).toHaveBeenCalledOnce();
  expect(noise.reduction).toEqual(reduction);
  exports.adapter = adapterReport({ id: 'another' });
  expect(noise.reduction).toBeUndefined();
});
