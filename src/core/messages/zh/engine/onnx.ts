import type { onnx as english } from '../../en/engine/onnx';

export const onnx: typeof english = {
  onnx_fell_back: ({ reason }) => `模型改在处理器上运行，因为显卡无法运行它：${reason}`,
  onnx_halves_on_processor: '模型在处理器上运行：它的权重为 float16，而此浏览器中的显卡不支持 float16 计算。',
};
