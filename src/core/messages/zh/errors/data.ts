import type { dataErrors as english } from '../../en/errors/data';
import { format } from '../format';

/** Errors of examples, chat templates and tokenizers. */
export const dataErrors: typeof english = {
  no_examples: {
    message: '没有可用于训练的样本。',
    hint: '请添加数据行，或修正被报告为不可用的数据行。',
  },
  template_without_text: ({ template, place }) => ({
    message: `模板“${template}”没有写明问题的位置。`,
    hint: `请在问题的位置写上 ${place}。`,
  }),
  synonyms_line: ({ line, text }) => ({
    message: `同义词的第 ${line} 行无法读取：“${text}”。`,
    hint: '请写一个词、一个冒号，以及可以替换它的词，用逗号分隔：“大：巨大，庞大”。',
  }),
  synonyms_missing: {
    message: '同义词列表是空的。',
    hint: '请添加一行，例如“大：巨大，庞大”，或者不使用这种方法。',
  },
  all_dropped: ({ rows }) => ({
    message: `清洗丢弃了全部 ${format.count(rows)} 个数据行。`,
    hint: '请查看各步骤丢弃的数据行，关闭或放宽丢弃过多的步骤。',
  }),
  all_for_evaluation: ({ examples }) => ({
    message: `全部 ${format.count(examples)} 条样本都用于评估，没有可供训练的样本。`,
    hint: '请将某个文件或部分数据行用于训练。',
  }),
  all_leaked: ({ leaked }) => ({
    message: `没有可供训练的样本：${format.count(leaked)} 条训练样本全都与评估样本内容相同。`,
    hint: '请换用其他样本来评估，或换用其他样本来训练。',
  }),
  eval_split: ({ split, held, count }) => ({
    message: `eval_split ${split} 会从 ${count} 条样本中留出 ${held} 条，没有剩余的样本可供训练。`,
    hint: '请减小 eval_split，或添加样本。',
  }),
  mixture_long: ({ millions }) => ({
    message: `按这些权重和样本数，一轮训练会超过 ${millions * 100} 万条样本。`,
    hint: '请在 sources 设置中选用相差较小的权重，或减小 num_samples。',
  }),
  nothing_to_learn: ({ tokens, most }) => ({
    message:
      tokens === undefined
        ? '其中没有可学习的回答。'
        : `共 ${tokens} 个 token，要学习的内容都在前 ${most} 个之后。`,
    hint: '请缩短它，增大 max_seq_length，或对全部 token 进行训练。',
  }),
  chat_template_weight: {
    message: '各个回答的权重不同或只学习最后一个，而模板没有单独标记每个回答。',
    hint: '请去掉该对话，对所有回答一视同仁，或选择 Alpaca 提示词作为模板。',
  },
  chat_template: ({ parsed, reason }) => ({
    message: `模型的对话模板${parsed ? '拒绝了一段对话' : '无效'}：${reason.replace(/[.。]$/, '')}。`,
    hint: '请修正对话，或选择 Alpaca 提示词作为模板。',
  }),
  chat_template_tools: {
    message: 'Alpaca 提示词不支持工具及其调用。',
    hint: '请选择模型自带的模板，或去掉这些对话。',
  },
  chat_template_left_out: ({ template, number }) => ({
    message: `${template}没有写出第 ${number} 条消息的文本。`,
    hint: '请选择 Alpaca 提示词作为模板，或去掉该对话。',
  }),
  chat_template_prefix: ({ template, number }) => ({
    message: `无法确定第 ${number} 条消息中回答的起止位置：${template}会随回答的内容改变回答本身或前后文字的写法。`,
    hint: '请选择 Alpaca 提示词作为模板，对全部 token 进行训练，或将对话拆成单独的问答。',
  }),
  tokenizer_unknown_text: ({ character }) => ({
    message: `分词器没有与 ${character} 对应的 token。`,
    hint: '请从样本中删除该文本，或选择分词器支持它的模型。',
  }),
  tokenizer_unusable: ({ file, fault }) => ({
    message: `${file} 无法使用：${fault}。`,
    hint: '模型文件夹中需要有 transformers 为“fast”分词器保存的 tokenizer.json。',
  }),
  tokenizer_grows: ({ from, to }) => ({
    message: `分词器的规范化把 ${from} 个字符变成了 ${to} 个。`,
    hint: '请使用模型发布者提供的 tokenizer.json：已发布的分词器都不会这样。',
  }),
};
