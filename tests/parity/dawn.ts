import { create, globals } from 'webgpu';
import { askDawnCalmly } from '../../src/cli/dawn_events';

Object.assign(globalThis, globals);
askDawnCalmly();

/**
 * WebGPU outside a browser, with what the command line asks for beyond the standard, so that every kernel is tested that the
 * device can run. Dawn crashes the process where this object is collected while in use: hence a constant.
 */
export const gpu: GPU = create(['enable-dawn-features=allow_unsafe_apis,vulkan_enable_f16_on_nvidia']);
