import { isSoftware } from '../gpu/device';

/** The devices that onnxruntime-web computes on: the GPU, or the processor through WebAssembly. */
export type OnnxDevice = 'webgpu' | 'wasm';

/** The GPU that the browser offers to onnxruntime-web. */
export interface FoundGpu {
  /** Whether the processor computes in its place, more slowly than WebAssembly does. */
  readonly software: boolean;
  /** Whether it computes with float16. */
  readonly halves: boolean;
}

/** The strongest GPU of the browser; undefined if it offers none. */
export async function findGpu(): Promise<FoundGpu | undefined> {
  // Older browsers have no WebGPU, and older versions of Node have no navigator.
  const { navigator } = globalThis as { readonly navigator?: { readonly gpu?: GPU } };
  const adapter = await navigator?.gpu
    ?.requestAdapter({ powerPreference: 'high-performance' })
    .catch(() => null);
  if (!adapter) return undefined;
  return { software: isSoftware(adapter.info), halves: adapter.features.has('shader-f16') };
}
