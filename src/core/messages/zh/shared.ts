import type { Catalogue } from '../catalogue';
import { format } from './format';

export const shared: Catalogue['shared'] = {
  details: '详情',
  none: '无',
  suggestions: (name) => `${name} 的可选值`,
  allLinear: '：所有线性层',
  cancel: '取消',
  close: '关闭',
  dismiss: '关闭提示',
  copy: '复制',
  copied: '已复制',
  left: (time) => `剩余 ${time}`,
  apply: '采用',
  runs: (count) => `${format.count(count)} 个训练任务`,
  problems: (count) => `${format.count(count)} 处问题`,
  examples: (count) => `${format.count(count)} 条样本`,
  meaning: (meaning) => `：${meaning}。`,
  about: (name, what) => `${name}：${what}`,
  byPurpose: '设备内存的用途',
};
