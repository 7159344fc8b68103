import type { settingsFile as english } from '../../en/engine/settings_file';

export const settingsFile: typeof english = {
  placeholders_left: ({ names }) =>
    `样本中原样留有占位符，模型会学着照写：${names.map((name) => `{{${name}}}`).join('、')}。请用 --placeholders ${names.map((name) => `${name}=TEXT`).join(',')} 填写。`,
  settings_assumed: ({ program, settings }) =>
    `文件中没有写明，按 ${program} 的默认值设置：${settings.join('；')}。`,
  settings_left: ({ program, keys }) => `${program} 文件中无法采用的项：${keys.join('；')}。`,
  settings_other_adapter: ({ type }) => `这是 ${type} 类型的适配器，这里只能训练 LORA。`,
  settings_line: ({ line, problem }) => `第 ${line} 行：${problem}`,
  settings_too_large: '文件太大，不可能是设置文件。',
  settings_no_yaml: '这里不是有效的 YAML。',
  settings_twice: '同一个名称在这里第二次出现。',
  settings_second_document: '这里开始了第二个文档，设置文件只能有一个文档。',
  settings_no_names: '这里应当是名称和值，例如“r: 16”。',
  settings_unknown: ({ name }) => `没有名为 ${name} 的设置。`,
  settings_unknown_near: ({ name, nearest }) => `没有名为 ${name} 的设置。是否指 ${nearest}？`,
};
