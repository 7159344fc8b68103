import { TunesmithError } from '../core/errors';
import { Device } from '../gpu/device';

/** Dawn crashes the process where this object is collected while its devices are in use: hence it is kept here. */
let dawn: GPU | undefined;

/**
 * Dawn's counterparts of what a browser hides behind flags: subgroup matrices, which are still experimental, half precision
 * on NVIDIA's Vulkan driver, which a few corner cases of WGSL keep off there, and timestamps that are not quantised.
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
    dawn = create(DAWN);
  }
  try {
    return await Device.open(dawn);
  } catch (error) {
    if (!(error instanceof TunesmithError) || error.code !== 'gpu_adapter_missing') throw error;
    throw new TunesmithError({ code: 'gpu_driver_missing', cause: error });
  }
}
