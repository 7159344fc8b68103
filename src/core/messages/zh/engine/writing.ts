import type { writingMessages as english } from '../../en/engine/writing';

export const writingMessages: typeof english = {
  answer_no_json: '回答中没有 JSON 格式的问题和答案',
  answer_cut: '回答达到了最大长度',
  answer_broken: ({ reason }) => `服务提前结束了回答（“${reason}”）`,
  answer_fewer: '回答中的行数少于要求',
  temperature_refused: '服务不接受温度设置，使用了它自己的温度',
  written_empty: '回答是空的',
  answer_repeats: '这一行已经存在',
};
