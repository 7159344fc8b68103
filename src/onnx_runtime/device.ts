/** The devices that onnxruntime-web computes on: the GPU, or the processor through WebAssembly. */
export type OnnxDevice = 'webgpu' | 'wasm';
