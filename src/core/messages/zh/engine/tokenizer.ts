import type { tokenizerMessages as english } from '../../en/engine/tokenizer';

const kinds = { text: '文本', boolean: '布尔值', number: '数字' };

/** Why a tokenizer can't be used. */
export const tokenizerMessages: typeof english = {
  tokenizer_field: ({ field, reason }) => (field === undefined ? reason : `${field}：${reason}`),
  tokenizer_no_object: '它不是对象',
  tokenizer_added_list: 'added_tokens 不是列表',
  tokenizer_added: ({ value }) => `添加的 token ${value} 没有内容或没有 id`,
  tokenizer_no_model: '没有“model”',
  tokenizer_model_type: ({ type }) => `模型类型为 ${type}，而只支持 BPE`,
  tokenizer_no_vocabulary: '模型没有词表',
  tokenizer_no_id: ({ token }) => `词表没有给出 ${token} 的 id`,
  tokenizer_no_merges: '模型没有 merges',
  tokenizer_merge_token: ({ line, token }) => `第 ${line} 条合并规则需要 ${token}，而词表中没有它`,
  tokenizer_merge_pair: ({ line }) => `第 ${line} 条合并规则不是一对 token`,
  tokenizer_deep: ({ part }) => `${part} 嵌套过深`,
  tokenizer_part_object: ({ part }) => `${part} 不是对象`,
  tokenizer_part_list: ({ part }) => `${part} 没有各部分的列表`,
  tokenizer_part_empty: ({ part }) => `${part} 有空的部分`,
  tokenizer_part_unknown: ({ part, type }) => `不支持 ${part} ${type}`,
  tokenizer_value: ({ field, type, kind }) => `${type} 的“${field}”不是${kinds[kind]}`,
  tokenizer_pattern: ({ type }) => `${type} 的模式既不是文本，也不是正则表达式`,
  tokenizer_pattern_endless: ({ pattern }) =>
    `模式 ${pattern} 可能耗时过长：它重复了本身就会重复或有多种选择的内容`,
  tokenizer_pattern_unknown: ({ pattern, why }) =>
    `无法理解模式 ${pattern}${why === undefined ? '' : `（${why}）`}`,
  tokenizer_text_once: 'post_processor 中文本不是恰好出现一次',
  tokenizer_post_token: ({ token }) => `post_processor 用到了未知的 token ${token}`,
  tokenizer_post_id: 'post_processor 有一个没有 id 的 token',
  tokenizer_post_unknown_id: ({ id }) => `post_processor 添加了 id ${id}，但没有这样的 token`,
  tokenizer_scheme: ({ scheme }) => `Metaspace 的 prepend_scheme ${scheme} 未知`,
  tokenizer_behavior: ({ behavior }) => `拆分方式 ${behavior} 未知`,
};
