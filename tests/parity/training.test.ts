import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULTS } from '../../src/core/settings/settings';
import { elementCount } from '../../src/core/shape';
import { Device } from '../../src/gpu/device';
import { readParameter, writeParameter } from '../../src/models/adapters/layout';
import { linearMaps } from '../../src/models/spec';
import { compileTraining } from '../../src/models/training';
import { namedTensors } from '../../src/models/adapter_files';
import { gpu } from './dawn';
import {
  adapted,
  loadFixture,
  loadNF4,
  maxError,
  numberTolerance,
  trainedFamilies,
  updatesOf,
} from './fixtures';
import { loadOnDevice, pissaState, runUpdates } from './load_fixture';
import { expectPacking, packings } from './packing';

let device: Device;
beforeAll(async () => {
  device = await Device.open(gpu, { defaultLimits: true });
});
afterAll(() => {
  device.destroy();
});

describe.each([...trainedFamilies, ...adapted])('%s', (name) => {
  const fixture = loadFixture(name);
  const { expected } = fixture;

  test.each(fixture.variants)(
    '20 steps of AdamW in %s: losses, norms, rates, and the adapter',
    async (variant) => {
      const { settings, ...numbers } = updatesOf(expected, variant);
      const { model, adapter, destroy } = await loadOnDevice(device, fixture, variant);
      if (fixture.start) await adapter.writeStart(model, pissaState(adapter.layout, fixture.start));
      else {
        const start = await adapter.readAdapter();
        for (const { tensor } of namedTensors(adapter.layout)) {
          const value = typeof tensor.start === 'object' ? tensor.start.value : 0;
          if (tensor.start !== 'zero' && typeof tensor.start !== 'object') continue;
          writeParameter(start.parameters, tensor, new Float32Array(elementCount(tensor.shape)).fill(value));
        }
        await adapter.writeStart(model, start);
      }
      const program = await compileTraining(model, adapter, {
        capacity: 128,
        settings: { ...DEFAULTS, ...settings },
      });
      await runUpdates(program, expected, variant);
      const metrics = await program.metrics();
      const losses = metrics.map(({ loss }) => loss);
      const norms = metrics.map(({ gradNorm }) => gradNorm);
      expect(maxError(losses, numbers.losses)).toBeLessThanOrEqual(numberTolerance(expected, 'losses'));
      expect(maxError(norms, numbers.grad_norms)).toBeLessThanOrEqual(
        numberTolerance(expected, 'grad_norms'),
      );
      const parameters = await adapter.readParameters();
      for (const { name, tensor } of namedTensors(adapter.layout)) {
        const exact = fixture.exact(variant, `trained.${name}`);
        const tolerance = fixture.tolerance(variant, `trained.${name}`);
        expect(maxError(readParameter(parameters, tensor), exact), name).toBeLessThanOrEqual(tolerance);
      }
      program.destroy();
      destroy();
    },
  );
});

describe.each(trainedFamilies)('%s', (family) => {
  test('4-bit weights on the device have bitsandbytes’ bytes', async () => {
    const { quantized, nf4 } = loadNF4(family);
    const { model, destroy } = await loadOnDevice(device, loadFixture(family), 'nf4');
    expect(quantized.length).toBe(linearMaps(model.layout.spec).length);
    for (const name of quantized) {
      const codes = new Uint8Array(await device.buffers.read(model.buffers.get(`${name}.codes`)!));
      expect(codes, name).toEqual(new Uint8Array(nf4(name).codes));
      const scales = new Uint8Array(await device.buffers.read(model.buffers.get(`${name}.scales`)!));
      const { absmax, nestedAbsmax } = nf4(name);
      const start = (320 + nestedAbsmax.length) * 4;
      expect(scales.subarray(start, start + absmax.length), name).toEqual(new Uint8Array(absmax));
    }
    destroy();
  });
});

test.each(packings)(
  'packed examples give the bins, losses, norms and adapter of TRL: %s',
  async (strategy) => {
    await expectPacking(device, strategy);
  },
);
