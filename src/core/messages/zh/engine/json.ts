import type { jsonMessages as english } from '../../en/engine/json';

const expected = {
  value: '值',
  list_goes_on: '“,”或“]”',
  object_goes_on: '“,”或“}”',
  value_or_end: '值或“]”',
  key_or_end: '键或“}”',
  key: '键',
  colon: '冒号',
};

/** Why a text is no JSON. */
export const jsonMessages: typeof english = {
  json_trailing: '值结束之后还有其他内容',
  json_ends: (values) => `文本在应出现${expected[values.expected]}的地方结束了`,
  json_too_deep: ({ most }) => `列表和对象的嵌套超过 ${most} 层`,
  json_comma_missing: ({ close, found }) => `此处之前缺少逗号或“${close}”：${found}`,
  json_comma_extra: ({ close }) => `“${close}”之前多了一个逗号`,
  json_half_character: '文本中有半个字符（单独的代理项），任何分词器都无法读取',
  json_key_unquoted: ({ found }) => `此处应是双引号中的键：${found}`,
  json_colon_missing: ({ found }) => `此处之前缺少冒号：${found}`,
  json_hexadecimal: '\\u 之后需要四位十六进制数字',
  json_escape: ({ letter }) => `\\${letter} 不是 JSON 的转义；反斜杠请写成 \\\\`,
  json_quote_open: '此处开始的引号没有闭合',
  json_number: ({ found }) => `${found} 不是 JSON 数字`,
  json_digits: ({ digits, most }) => `整数有 ${digits} 位；Python 最多读取 ${most} 位`,
  json_no_value: ({ found }) => `此处不是 JSON 值的开头：${found}`,
  json_single_quotes: 'JSON 的文本用双引号，不用单引号',
  json_curly_quotes: 'JSON 的文本用直双引号（"），不用“弯引号”',
  json_comment: 'JSON 没有注释',
  json_byte_order_mark: '文件中间有字节顺序标记，那里曾是文件的拼接处',
  json_python: ({ word, meant }) => `${word} 是 Python 的写法，JSON 写作 ${meant}`,
  json_undefined: 'JSON 用 null，没有 undefined',
  json_line_break: '文本中有换行；JSON 应写成 \\n，也可能是缺少引号',
  json_tab: '文本中有制表符；JSON 应写成 \\t',
  json_control: ({ character }) => `文本中有控制字符 ${character}；JSON 中需要转义`,
};
