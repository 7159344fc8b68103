import type { pageErrors as english } from '../../en/errors/page';

/** Errors of the page itself. */
export const pageErrors: typeof english = {
  choose_model_again: ({ name }) => ({
    message: `“${name}”的文件已不可用。`,
    hint: '请重新选择该模型的文件夹。',
  }),
  worker_failed: {
    message: '页面背后的引擎无法启动，或已中断。',
    hint: '请刷新页面。训练中已保存的内容仍在。',
  },
};
