import type { pageErrors as english } from '../../en/errors/page';

/** Errors of the page itself. */
export const pageErrors: typeof english = {
  choose_model_again: ({ name }) => ({
    message: `页面已无法读取“${name}”的文件。`,
    hint: '请重新选择该模型的文件夹。',
  }),
  conversation_not_kept: {
    message: '浏览器的存储已满或被禁用，无法保存这段对话。',
    hint: '关闭页面之前，对话仍在这里。如需保留，请将它存为文件。',
  },
  dropped_no_examples: ({ name, endings }) => ({
    message: `“${name}”中没有样本文件。`,
    hint: `样本文件的扩展名为 ${endings.join('、')}。`,
  }),
  worker_failed: {
    message: '页面背后的引擎无法启动，或已中断。',
    hint: '请刷新页面。已保存的检查点仍在。',
  },
};
