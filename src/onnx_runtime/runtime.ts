import type * as Runtime from 'onnxruntime-web';
import { TunesmithError } from '../core/errors';
import type { OnnxDevice } from './device';

export type OnnxRuntime = typeof Runtime;

const inNode = !('location' in globalThis);

/**
 * Loads onnxruntime-web: on first use, because its programs are large. In a page, its files are the page's own. It
 * stays in the thread for good, and so does the memory that it has used.
 *
 * @throws TunesmithError `onnx_runtime_missing` if the page's files can't be loaded
 */
export async function loadRuntime(device: OnnxDevice): Promise<OnnxRuntime> {
  try {
    const runtime =
      device === 'webgpu' ? await import('onnxruntime-web/webgpu') : await import('onnxruntime-web/wasm');
    // Its warnings about single ops are for its developers.
    runtime.env.logLevel = 'error';
    const { wasm } = runtime.env;
    if (inNode) {
      wasm.numThreads = 1;
      return runtime;
    }
    const { RUNTIME_FILES } = await import('./runtime_files');
    wasm.wasmPaths = RUNTIME_FILES[device];
    wasm.numThreads = threads();
    return runtime;
  } catch (cause) {
    throw new TunesmithError({ code: 'onnx_runtime_missing', cause });
  }
}

/** Threads share memory, which only an isolated page may do. More than this many wait for the memory, not for work. */
const MOST_THREADS = 8;

function threads(): number {
  if (!globalThis.crossOriginIsolated) return 1;
  return Math.max(1, Math.min(MOST_THREADS, navigator.hardwareConcurrency));
}
