import type { coreErrors as english } from '../../en/errors/core';

const otherPages = { datasets: '数据集', spaces: 'Space', studios: '创空间' };

export const coreErrors: typeof english = {
  aborted: { message: '已停止。' },
  unexpected_error: ({ text }) => ({
    message: `发生意外错误：${text}`,
    hint: '请重试。如果再次出现，请报告此问题。',
  }),
  file_unreadable: ({ name }) => ({
    message: `无法读取 ${name}。`,
    hint: '选择之后它可能被移动或修改过，请重新选择。',
  }),
  endpoint_invalid: ({ typed, example }) => ({
    message: `无法从“${typed}”下载模型。`,
    hint: `请填写与 Hugging Face Hub 接口兼容的站点地址，例如 ${example}。地址必须以 https:// 开头。`,
  }),
  git_lfs_pointer: ({ name, size }) => ({
    message: `${name} 只是一个 ${size} 字节的 Git LFS 指针，并不是文件本身。`,
    hint: '请在克隆的文件夹中运行“git lfs pull”，或从模型页面下载该文件。',
  }),
  model_reference: ({ typed, page }) =>
    page === undefined
      ? {
          message: `“${typed}”不是 Hub 上的模型名称。`,
          hint: '请填写“所有者/名称”，例如 Qwen/Qwen2.5-0.5B-Instruct，或模型页面的地址。',
        }
      : {
          message: `“${typed}”是${otherPages[page]}的地址，不是模型的地址。`,
          hint: '请填写模型页面的地址，或“所有者/名称”，例如 Qwen/Qwen2.5-0.5B-Instruct。',
        },
};
