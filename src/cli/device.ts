import { TunesmithError } from '../core/errors';
import { Device } from '../gpu/device';
import { askDawnCalmly } from './dawn_events';

/** Kept here, because Dawn crashes the process if this object is garbage-collected while its devices are in use. */
let dawn: GPU | undefined;

/**
 * Dawn's counterparts of what a browser hides behind flags: subgroup matrices, which are still experimental, half
 * precision on NVIDIA's Vulkan driver, which Dawn disables because of a few corner cases of WGSL, and exact timestamps.
 */
const DAWN = [
  'enable-dawn-features=allow_unsafe_apis,vulkan_enable_f16_on_nvidia',
  'disable-dawn-features=timestamp_quantization',
];

/** Opens a device of Dawn. Throws `gpu_driver_missing`. */
export async function openDevice(): Promise<Device> {
  if (!dawn) {
    const { create, globals } = await import('webgpu');
    Object.assign(globalThis, globals);
    askDawnCalmly();
    dawn = create(DAWN);
  }
  try {
    return await Device.open(dawn);
  } catch (error) {
    if (!(error instanceof TunesmithError) || error.code !== 'gpu_adapter_missing') throw error;
    throw new TunesmithError({ code: 'gpu_driver_missing', cause: error });
  }
}
