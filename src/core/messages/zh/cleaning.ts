import type { Catalogue } from '../catalogue';
import { format } from './format';

export const cleaning: Catalogue['cleaning'] = {
  presets: '清洗',
  presetNames: { none: '不清洗', light: '轻度', strict: '严格', own: '自选' },
  presetHelp: {
    none: '样本按原样学习。',
    light: '修复字符和空白，去除完全重复的数据行。',
    strict: '另外遮盖隐私数据，去除质量差和近似重复的回答。',
    own: '使用你自己打开的步骤。',
  },
  total: (rows, changed, dropped) =>
    `共 ${format.count(rows)} 个数据行，改动 ${changed} 个，丢弃 ${dropped} 个。`,
  showDropped: '查看丢弃的数据行',
  showLeaked: '查看这些数据行',
  stepCounts: (changed, dropped) => `改动 ${changed}，丢弃 ${dropped}`,
  noEffect: '未发现问题',
  examples: '示例',
  before: '清洗前',
  after: '清洗后',
  droppedRow: '已丢弃',
  droppedLike: (place) => `已丢弃，与 ${place} 相似`,
  add: '添加…',
  takeAway: (name) => `移除${name}`,
  noLimit: '不限',
  between: (least, most) => ` ${least} 到 ${most} 之间的数`,
  steps: {
    characters: {
      name: '异常字符',
      help: '删除不可见字符；在确定无误时修复乱码（如把“Ã©”还原为“é”）；丢弃含有丢失字符（�）的数据行。',
      options: {},
      values: {},
    },
    unicode: {
      name: 'Unicode 规范化',
      help: '把字母与附加符号合并为一个字符（NFC）。',
      options: {},
      values: {},
    },
    spaces: {
      name: '空白',
      help: '删除行尾和文本首尾的空白，多个空行只留一个。',
      options: {},
      values: {},
    },
    private_data: {
      name: '隐私数据',
      help: '按格式和校验位查找地址、号码和密钥。',
      options: { action: '处理方式', kinds: '种类' },
      values: {
        mask: '用 [EMAIL] 这样的标记替换',
        drop: '丢弃该数据行',
        email: '电子邮箱',
        phone: '电话号码',
        id: '中国居民身份证号',
        iban: '银行账号（IBAN）',
        card: '银行卡号',
        ip: 'IP 地址',
        key: '密钥和口令',
      },
    },
    language: {
      name: '语言',
      help: '丢弃回答确定为其他语言的数据行。',
      options: { keep: '保留的语言' },
      values: {},
    },
    length: {
      name: '长度',
      help: '丢弃问题或回答的字符数超出范围的数据行。',
      options: {
        min_question: '问题最短',
        max_question: '问题最长',
        min_answer: '回答最短',
        max_answer: '回答最长',
      },
      values: {},
    },
    repeats: {
      name: '重复内容',
      help: '丢弃回答照抄问题或自我重复的数据行。',
      options: { max_share: '重复内容占比上限' },
      values: {},
    },
    duplicates: {
      name: '完全重复',
      help: '丢弃与前面内容相同的数据行。',
      options: {},
      values: {},
    },
    near_duplicates: {
      name: '近似重复',
      help: '丢弃与前面几乎相同的数据行。',
      options: { threshold: '相似度下限' },
      values: {},
    },
  },
};
