import type { settingsFileErrors as english } from '../../en/errors/settings_file';

export const settingsFileErrors: typeof english = {
  settings_file_invalid: ({ file, problems }) => ({
    message: `${file} 无法使用。${problems.join('\n')}`,
    hint: '没有改动任何设置。请改正文件后重试。',
  }),
  settings_file_unreadable: ({ path }) => ({
    message: `--config：无法读取 ${path}。`,
    hint: '请检查路径，并确认你有权读取该文件。',
  }),
};
