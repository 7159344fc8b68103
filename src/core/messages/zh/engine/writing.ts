import type { writingMessages as english } from '../../en/engine/writing';

export const writingMessages: typeof english = {
  answer_no_json: '回答中没有 JSON 格式的问题和答案',
  answer_cut: '回答达到了最大长度',
  written_empty: '回答是空的',
  answer_repeats: '这一行已经存在',
};
