// onnxruntime-web's programs as files of the page. Without these addresses it would look for them beside its own script.
import wasmScript from 'onnxruntime-web/ort-wasm-simd-threaded.mjs?url';
import wasmProgram from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url';
import webgpuScript from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url';
import webgpuProgram from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';
import type { OnnxDevice } from './device';

const address = (path: string): string => new URL(path, import.meta.url).href;

/** The script and the program for each device. */
export const RUNTIME_FILES: Readonly<Record<OnnxDevice, { readonly mjs: string; readonly wasm: string }>> = {
  wasm: { mjs: address(wasmScript), wasm: address(wasmProgram) },
  webgpu: { mjs: address(webgpuScript), wasm: address(webgpuProgram) },
};
