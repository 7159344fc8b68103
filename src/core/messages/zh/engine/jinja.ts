import type { jinjaMessages as english } from '../../en/engine/jinja';
import { format } from '../format';

const needs = {
  argument: '一个参数',
  attribute: '一个属性',
  call: '一次调用',
  default: '默认值',
  filterOrAttribute: '过滤器或属性',
  integer: '整数',
  integers: '1 到 3 个整数',
  mapping: '字典',
  number: '数字',
  pairs: '键值对',
  positive: '正整数',
  separator: '非空的分隔符',
  text: '文本',
  value: '至少一个值',
};

const features = {
  base: 'int 的其他进制',
  filter: '过滤器',
  formatNames: 'format 中的命名参数',
  formatOf: '格式',
  keys: '同一对方括号中的多个键',
  largeNumber: '超过 2^53 的数字',
  recursive: '递归循环',
  round: 'round 的舍入方式',
  sort: 'dictsort 的排序依据',
  tag: '标签',
  test: '测试',
};

const places = { first: '第一项', last: '最后一项', next: '下一项', previous: '上一项' };

const kinds = { text: '文本', list: '列表', range: 'range' };

/** Why a chat template, which is a Jinja program, can't be read or fails. Clauses of `chat_template`. */
export const jinjaMessages: typeof english = {
  jinja_line: ({ fault, line }) => `${fault}（第 ${line} 行）`,

  jinja_end: '模板结尾',
  jinja_expression: '表达式',
  jinja_filter: '过滤器',
  jinja_key: '键',
  jinja_name: '名称',
  jinja_named_argument: '命名参数',
  jinja_number: '数字',
  jinja_operator: '运算符',
  jinja_text: '文本',

  jinja_unclosed: ({ part }) => `${part} 没有结束`,
  jinja_unexpected: ({ found, wanted }) =>
    wanted.length === 0
      ? `此处不应出现 ${found}`
      : `此处应为 ${format.alternatives(wanted)}，而不是 ${found}`,
  jinja_escape: ({ escape }) => `转义 ${escape} 无效`,
  jinja_chained_tests: '用“is”的测试不能连写',
  jinja_outside_loop: ({ tag }) => `{% ${tag} %} 不在循环之内`,
  jinja_constant: ({ name }) => `不能给 ${name} 赋值`,
  jinja_unsupported: ({ feature, name }) =>
    `不支持${features[feature]}${name === undefined ? '' : ` ${name}`}`,

  jinja_needs: ({ what, wanted, type }) =>
    `${what} 需要${needs[wanted]}${type === undefined ? '' : `，而不是 ${type} 类型的值`}`,
  jinja_many_arguments: ({ what, most }) => `${what} 最多有 ${most} 个参数`,
  jinja_argument: ({ what, names }) => `${what} 没有参数 ${format.alternatives(names)}`,
  jinja_undefined: ({ name }) => `“${name}”没有定义`,
  jinja_parameter: ({ name }) => `参数“${name}”没有值`,
  jinja_no_item: ({ at }) => (typeof at === 'number' ? `没有下标为 ${at} 的项` : `没有${places[at]}`),
  jinja_no_items: '没有可选的项',
  jinja_no_such_item: ({ type }) => `${type} 类型的值没有这一项`,
  jinja_attribute: ({ type, name }) => `${type} 类型的值没有属性“${name}”`,
  jinja_attribute_private: ({ name }) => `模板不得读取属性 ${name}`,
  jinja_no_else: '条件不成立，又没有 else',
  jinja_changes: ({ name, type }) => `${name} 会改动 ${type} 类型的值，模板不得这样做`,
  jinja_namespace: ({ name }) => `${name} 不是 namespace`,
  jinja_field: ({ name }) => `namespace 不得有字段 ${name}`,
  jinja_unpacked: ({ values, names }) => `不能把 ${values} 个值赋给 ${names} 个名称`,
  jinja_not_called: ({ type }) => `${type} 类型的值不能调用`,
  jinja_not_given: ({ type }) => `模板不能接受 ${type} 类型的值`,
  jinja_not_iterated: ({ type }) => `${type} 类型的值不能遍历`,
  jinja_not_searched: ({ type }) => `文本中不可能含有 ${type} 类型的值`,
  jinja_not_sliced: ({ type }) => `${type} 类型的值不能切片`,
  jinja_not_written: ({ type, form }) => `${type} 类型的值不能写成${form === 'text' ? '文本' : ' JSON'}`,
  jinja_no_key: ({ type }) => `${type} 类型的值不能作为字典的键`,
  jinja_no_length: ({ type }) => `${type} 类型的值没有长度`,
  jinja_no_order: ({ left, right }) => `${left} 与 ${right} 类型的值不能比较大小`,
  jinja_no_operation: ({ operator, left, right }) => `${operator} 不能用于 ${left} 与 ${right} 类型的值`,
  jinja_no_sign: ({ type }) => `${type} 类型的值没有正负号`,
  jinja_exact_number: '超过 2^53 的数字可以输出，但不能参与计算',
  jinja_zero: '除数为零',
  jinja_slice_step: '切片的步长为 0',
  jinja_text_missing: '找不到该文本',
  jinja_format_value: ({ field }) => `format 缺少 {${field}} 的值`,
  jinja_format_few: '格式中的位置比值多',
  jinja_format_many: '格式中的值比位置多',
  jinja_attribute_name: '属性名在 HTML 中无效',

  jinja_deep: '列表或字典嵌套过深',
  jinja_long: ({ what, most }) => `${kinds[what]}的长度会超过 ${format.count(most)}`,
  jinja_endless: '模板无法执行完毕',
};
