import { create, globals } from 'webgpu';

Object.assign(globalThis, globals);

/** WebGPU outside a browser. Dawn crashes the process where this object is collected while in use: hence a constant. */
export const gpu: GPU = create([]);
