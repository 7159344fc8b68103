import { alignUp } from '../../src/core/align';
import type { Device } from '../../src/gpu/device';
import { compile } from '../../src/graph/compile';
import type { Plan } from '../../src/graph/plan';
import type { Program } from '../../src/graph/program';
import type { SlotContent } from './contents';
import type { Filler } from './fill';
import { fit } from './fit';

export interface Programs {
  /** One a plan, in their order. */
  readonly programs: readonly Program[];
  destroy(): void;
}

/**
 * Compiles plans whose programs never run at the same time: they share their arenas and common slots. Fills all buffers
 * with numbers.
 *
 * @param contents of the bound slots; missing slots hold float32
 */
export async function compilePlans(
  device: Device,
  filler: Filler,
  plans: readonly Plan[],
  contents: ReadonlyMap<string, SlotContent>,
): Promise<Programs> {
  const owned: GPUBuffer[] = [];
  const programs: Program[] = [];
  const buffer = async (label: string, bytes: number, content: SlotContent): Promise<GPUBuffer> => {
    const made = device.buffers.create('other', label, alignUp(bytes, 4));
    owned.push(made);
    if (typeof content === 'string') await filler.fill(made, content);
    else device.buffers.write(made, content);
    return made;
  };
  const destroy = (): void => {
    for (const program of programs.splice(0)) program.destroy();
    for (const made of owned.splice(0)) device.buffers.destroy('other', made);
  };
  try {
    const buffers = new Map<string, GPUBuffer>();
    for (const [slot, bytes] of largest(plans.map(({ slots }) => slots))) {
      buffers.set(slot, await buffer(slot, bytes, contents.get(slot) ?? 'f32'));
    }
    const arenas: GPUBuffer[] = [];
    const sizes = plans.map((plan) => new Map(plan.arenas.entries()));
    for (const [index, bytes] of largest(sizes)) arenas[index] = await buffer(`arena ${index}`, bytes, 'f32');
    for (const plan of plans)
      programs.push(await compile(device, plan, { buffers, arenas, purpose: 'other' }));
    return { programs: [...programs], destroy };
  } catch (error) {
    destroy();
    throw error;
  }
}

/** Compiles one plan after tuning its kernels to the device. */
export async function compileFitted(
  device: Device,
  filler: Filler,
  planned: () => Plan,
  contents: ReadonlyMap<string, SlotContent>,
): Promise<Programs> {
  await fit(device, () => [{ plan: planned() }]);
  return await compilePlans(device, filler, [planned()], contents);
}

/** For each key, the largest of its numbers. */
function largest<K>(sizes: readonly ReadonlyMap<K, number>[]): Map<K, number> {
  const result = new Map<K, number>();
  for (const some of sizes) {
    for (const [key, bytes] of some) result.set(key, Math.max(result.get(key) ?? 0, bytes));
  }
  return result;
}
