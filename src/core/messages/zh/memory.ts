import type { Catalogue } from '../catalogue';

/** The names of what memory on the device is for. */
export const memory: Catalogue['memory'] = {
  base: '基座模型',
  adapter: '适配器',
  gradients: '梯度',
  moments: '优化器状态',
  activations: '激活值',
  inputs: '输入',
  cache: '对话缓存',
  chat: '对话激活值',
  loading: '加载',
  tuning: '内核调优',
  other: '其他',
};
