import type { coreErrors as english } from '../../en/errors/core';

export const coreErrors: typeof english = {
  aborted: { message: '已停止。' },
  unexpected_error: ({ text }) => ({ message: `发生意外错误：${text}` }),
};
