import type { Catalogue } from '../catalogue';

export const runs: Catalogue['runs'] = {
  none: '训练过的任务会列在这里。',
  opening: '正在打开训练任务',
  open: '打开',
  continue: '继续',
  details: '详情',
  remove: '删除',
  removeTitle: '删除这个训练任务？',
  removeHelp: (name) => `“${name}”的适配器和检查点将被删除，无法恢复。`,
  unreadable: (runs) => `${runs}无法读取：已损坏，或由本页面的其他版本写入。`,
  underWay: '正在另一个标签页中训练',
  state: {
    running: '中断',
    paused: '已暂停',
    finished: '已完成',
    stopped: '已停止',
    failed: '失败',
  },
  steps: (step, steps) => `${step} / ${steps} 步`,
  loss: (loss) => `损失 ${loss}`,
  settings: '设置',
  setting: '设置',
  value: '值',
  on: '开',
  off: '关',
};
