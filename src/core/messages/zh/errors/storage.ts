import type { storageErrors as english } from '../../en/errors/storage';
import { format } from '../format';

const NOT_PRIVATE = '请在非隐私窗口中打开本页面，并允许它存储数据。';
const OTHER_TAB = '请在那个标签页中继续，或关闭它后在此重试。';

export const storageErrors: typeof english = {
  checkpoint_not_saved: ({ step }) => ({
    message: `第 ${step} 步的检查点已写入，但从存储中读回的内容与写入的不一致。`,
    hint: '请检查磁盘。之前的检查点仍在。',
  }),
  checkpoints_damaged: ({ count }) => ({
    message: `该训练任务的检查点（共 ${format.count(count)} 个）全部与写入时不一致。`,
    hint: '请开始新的训练；其设置和样本仍在。',
  }),
  file_in_use: ({ path }) => ({
    message: `${path} 正被此浏览器的另一个标签页使用。`,
    hint: OTHER_TAB,
  }),
  file_not_written: ({ path }) => ({
    message: `无法写入 ${path}。`,
    hint: '请确认其所在位置是文件夹，且你有写入权限。',
  }),
  model_in_other_tab: ({ name }) => ({
    message: `此浏览器的另一个标签页正在下载 ${name}。`,
    hint: '请在那里停止下载，或等待其完成。',
  }),
  run_data_missing: ({ files }) => ({
    message: `该训练任务的样本（${files.join('、')}）已不在存储中。`,
    hint: '可能已被浏览器清除。请重新添加文件并开始新的训练。',
  }),
  run_in_other_tab: {
    message: '此浏览器的另一个标签页正在进行该训练任务。',
    hint: OTHER_TAB,
  },
  run_unknown: {
    message: '该训练任务已不在存储中。',
    hint: '它已被删除，可能是在另一个标签页中删除的。请开始新的训练。',
  },
  storage_failed: ({ what }) => ({
    message: what === undefined ? '浏览器的存储无法读出已保存的内容。' : `浏览器的存储无法保存：${what}。`,
    hint: '请确认磁盘有可用空间且工作正常，然后继续。之前保存的内容仍在。',
  }),
  storage_full: ({ what, needed, free }) => ({
    message:
      free === undefined
        ? `存储空间已满，需要 ${format.bytes(needed)} 来保存：${what}。`
        : `存储空间已满，需要 ${format.bytes(needed)}，只有 ${format.bytes(free)} 可用，无法保存：${what}。`,
    hint: '请删除不再需要的训练任务，或释放磁盘空间，然后继续。之前保存的内容仍在。',
  }),
  storage_path: ({ path }) => ({
    message: `无法以“${path}”为名存储文件。`,
    hint: '请使用不含斜杠的普通文件名。',
  }),
  storage_unavailable: {
    message: '此浏览器不允许本页面存储任何数据。',
    hint: NOT_PRIVATE,
  },
  storage_without_files: {
    message: '此浏览器不允许本页面存储文件。',
    hint: NOT_PRIVATE,
  },
};
