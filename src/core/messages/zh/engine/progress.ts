import type { progress as english } from '../../en/engine/progress';

export const progress: typeof english = {
  kernels_tuning: '正在为这台设备调优内核',
  kernels_preparing: '正在准备内核',
  run_answering: '正在回答示例提示词',
  run_evaluating: '正在用评估集评估',
};
