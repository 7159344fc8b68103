/** Notes on an ONNX model and its device. */
export const onnx = {
  onnx_fell_back: ({ reason }: { reason: string }) =>
    `The model runs on the processor, because the GPU refused it: ${reason}`,
  onnx_halves_on_processor:
    'The model runs on the processor: it has weights in float16, and this browser’s GPU can’t compute with them.',
};
