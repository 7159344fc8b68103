import { format } from '../format';
import type { fitMessages as english } from '../../en/engine/fit';

/** Why a run does not fit on a device, and which settings to change. */
export const fitMessages: typeof english = {
  fit_device_memory: ({ memoryTotal, suggested }) =>
    `总共需要 ${format.bytesNeeded(memoryTotal)}：浏览器不会告知显卡有多少显存，按它的最大缓冲区推算约为 ${format.bytesNeeded(suggested)}。`,
  fit_adapter_buffer: ({ bytes, allowed }) =>
    `适配器需要一个 ${format.bytesNeeded(bytes)} 的缓冲区，而此设备最多允许 ${format.bytesNeeded(allowed)}。`,
  fit_set: ({ name, value }) => `${name} = ${value}`,
  fit_set_batches: ({ name, value }) => `${name} = ${value}（使每一步的样本数与之前相同）`,
  fit_set_strength: ({ name, value }) => `${name} = ${value}（使适配器作用的强弱与之前相同）`,
  fit_change: ({ changes, memoryTotal }) =>
    `${changes.join('，')}。总共需要 ${format.bytesNeeded(memoryTotal)}。`,
  fit_changes: ({ changes, memoryTotal }) =>
    `只改一项设置不够，需要一起改动：${changes.join('，')}。总共需要 ${format.bytesNeeded(memoryTotal)}。`,
  fit_smaller_model: ({ still }) => `无论怎样设置，这个模型都放不下，请选择更小的模型。${still}`,
  fit_still: ({ memoryTotal }) => `总共仍需要 ${format.bytesNeeded(memoryTotal)}。`,
};
