import { DEFAULTS } from '../../src/core/settings/settings';
import type { Device } from '../../src/gpu/device';
import { Adapter } from '../../src/models/adapter';
import { rotarySlots, weightSlots, type ModelLayout } from '../../src/models/layout';
import { initialAdapter, type AdapterLayout } from '../../src/models/adapters/layout';
import type { Model } from '../../src/models/model';
import { optimizerPlan } from '../../src/models/optimizers';
import { rotaryTable } from '../../src/models/rotary_table';
import { weightContents } from './contents';
import type { Filler } from './fill';

/**
 * A model on the device with random weights of the real shapes. Its results mean nothing, but its times and memory are
 * real.
 */
export async function randomModel(device: Device, filler: Filler, layout: ModelLayout): Promise<Model> {
  const buffers = new Map<string, GPUBuffer>();
  const destroy = (): void => {
    for (const buffer of buffers.values()) device.buffers.destroy('base', buffer);
    buffers.clear();
  };
  try {
    const contents = weightContents(layout);
    for (const { slot, bytes } of weightSlots(layout)) {
      const buffer = device.buffers.create('base', slot, bytes);
      buffers.set(slot, buffer);
      await filler.fill(buffer, contents.get(slot) ?? 'f32');
    }
    rotarySlots(layout).forEach(({ slot, bytes }, index) => {
      const buffer = device.buffers.create('base', slot, bytes);
      buffers.set(slot, buffer);
      const parameters = layout.spec.rotary[index];
      if (parameters)
        device.buffers.write(buffer, rotaryTable({ ...parameters, maxPositions: layout.positions }));
    });
    return { device, layout, buffers, destroy };
  } catch (error) {
    destroy();
    throw error;
  }
}

/** A new adapter, as at the beginning of training. */
export function freshAdapter(device: Device, layout: AdapterLayout): Adapter {
  const adapter = new Adapter(device, layout, optimizerPlan(layout, DEFAULTS));
  adapter.writeAdapter(initialAdapter(layout, 0));
  return adapter;
}
