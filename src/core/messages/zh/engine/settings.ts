import type { settingMessages as english } from '../../en/engine/settings';
import { format } from '../format';

/** The values that a setting may have, to stand after "必须是", and the meaning of special ones. */
export const settingMessages: typeof english = {
  range_number: ({ from, above, most, below, whole, wholeFrom }) => {
    const lower = above !== undefined ? `大于 ${above}` : from !== undefined ? `不小于 ${from}` : '';
    const upper = below !== undefined ? `小于 ${below}` : most !== undefined ? `不大于 ${most}` : '';
    const ends =
      from !== undefined && most !== undefined
        ? `${from} 到 ${most} 之间的`
        : [lower, upper]
            .filter((end) => end !== '')
            .join(' 且')
            .replace(/(?<=.)$/, ' 的');
    const noun = whole ? '整数' : '数值';
    const fraction = wholeFrom === undefined ? '' : `（达到 ${wholeFrom} 后必须是整数）`;
    return `${ends}${noun}${fraction}`;
  },
  range_or: ({ range, value, meaning }) => `${range}，或 ${value}（表示${meaning}）`,
  range_flag: 'true 或 false',
  range_choice: ({ values }) => `${values.join('、')} 之一`,
  range_modules: "'all-linear'，或模型线性层的列表，例如 q_proj,v_proj，每个名称只出现一次",
  range_wholes: ({ from, most }) => `至少含一个 ${from} 到 ${most} 之间整数的列表，每个数只出现一次`,
  range_texts: ({ found, none, most, longest }) =>
    `'${found}'、${none}，或至多 ${most} 条互不相同、每条不超过 ${longest} 个字符的文本，每行一条或写成 JSON`,
  range_texts_by_name: '名称及其对应的文本，写成 name=Ada,author=Acme 或 JSON',
  range_cleaning: ({ presets, steps }) =>
    `${format.alternatives(presets)}，或一个 JSON 对象，按步骤名列出选项：${steps.join('、')}`,
  range_reports: ({ names, readers, none }) =>
    `${[...names, ...readers].join('、')} 之一，或以逗号分隔的多个；或 all；或 ${none}`,
  range_names: ({ none }) => `互不相同的名称，以逗号分隔；或 ${none}`,
  range_numbers: ({ range, none }) => `以逗号分隔的数，每个为${range}；或 ${none}`,
  range_sources: '一个 JSON 对象，按文件名列出各文件的选项，例如 {"extra.json":{"split":"eval"}}',
  range_numbers_by_pattern: ({ range }) =>
    `名称或匹配模式及其对应的值（${range}），写成 q_proj=8,v_proj=4 或 JSON`,
  setting_all_layers: '所有层',
  setting_steps_of_epochs: '步数由训练轮数决定',
  setting_warmup_steps: '以 warmup_steps 为准',
  setting_timescale: '取预热步数',
  setting_all_samples: '全部',
  setting_never_early: '训练到底',
  setting_no_noise: '不加噪声',
  setting_highest_rank: '各适配器中最高的秩',
  setting_empty_text: '空文本',
};
