import type { gpuErrors as english } from '../../en/errors/gpu';
import { format } from '../format';

/** Errors of the device, of the graphs that run on it and of their ops. */
export const gpuErrors: typeof english = {
  buffer_too_large: ({ label, size, most }) => ({
    message: `${label} 需要一个 ${format.bytes(size)} 的缓冲区，而此设备最多允许 ${format.bytes(most)}。`,
    hint: '请减小批大小、长度或秩。',
  }),
  gpu_read_failed: { message: '无法从显卡读回计算结果。' },
  gpu_out_of_memory: {
    message: '显存已用尽。',
    hint: '请关闭其他占用 GPU 的标签页，或减小批大小、长度或秩。',
  },
  gpu_error: {
    message: '显卡驱动拒绝了一条命令。',
    hint: '请关闭其他占用 GPU 的标签页，或减小批大小、长度或秩。',
  },
  device_lost: {
    message: '浏览器与显卡的连接已断开。',
    hint: '请重试：连接会重新建立，训练任务将从最近的检查点继续。',
  },
  webgpu_missing: {
    message: '此浏览器不支持 WebGPU，而训练需要它。',
    hint: '请使用最新版的 Chrome、Edge 或 Safari，或 Windows 上的 Firefox 141 及以上版本打开此页面。',
  },
  gpu_adapter_missing: ({ found }) =>
    found
      ? {
          message: '找到了显卡，但无法打开。',
          hint: '请关闭其他占用显卡的标签页和程序，更新显卡驱动，或重启浏览器。',
        }
      : {
          message: '浏览器支持 WebGPU，但没有找到可用的显卡。',
          hint: '请在浏览器设置中开启硬件加速，并更新显卡驱动。如果此前可以使用，请重启浏览器。',
        },
  shader_missing: ({ name }) => ({ message: `着色器 shaders/${name}.wgsl 不存在。` }),
  shader_syntax: ({ name, fault }) => ({ message: `无法展开 shaders/${name}.wgsl：${fault}。` }),
  shader_rejected: ({ kernel }) => ({
    message: `显卡驱动不接受内核 ${kernel}。`,
    hint: '请更新浏览器和显卡驱动。',
  }),
  slot_missing: ({ slot }) => ({ message: `${slot} 没有绑定缓冲区。` }),
  tensor_exceeds_binding: ({ tokens, bytes, most }) => ({
    message: `${format.count(tokens)} 个 token 的批次需要一整块 ${format.bytes(bytes)} 的显存，而此设备最多允许 ${format.bytes(most)}。`,
    hint: '请减小 per_device_train_batch_size 或 max_seq_length。',
  }),
  adapter_exceeds_binding: ({ bytes, most }) => ({
    message: `适配器的一个矩阵需要一整块 ${format.bytes(bytes)} 的显存，而此设备最多允许 ${format.bytes(most)}。`,
    hint: '请减小 r。',
  }),
  size_not_multiple_of_4: ({ side, size }) => ({
    message: `此模型有一层的${side === 'input' ? '输入' : '输出'}大小为 ${size}，不是 4 的倍数。`,
    hint: '请选择各层大小为 4 的倍数的模型。',
  }),
};
