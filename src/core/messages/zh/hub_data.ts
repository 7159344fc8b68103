import type { Catalogue } from '../catalogue';
import { format } from './format';

/** 把 Hub 数据集的数据行用作样本。 */
export const hubData: Catalogue['hubData'] = {
  open: '从 Hub 获取',
  title: 'Hub 上的数据集',
  help: (host) => `在 ${host} 上搜索，或输入“所有者/名称”：`,
  placeholder: 'openai/gsm8k',
  results: '数据集',
  lookAt: '查看',
  searching: '正在搜索…',
  counted: (count) => `${format.count(count)} 个结果`,
  noResults: (query) => `没有名为“${query}”的数据集。`,
  downloads: (count) => `下载 ${format.compact(count)} 次`,
  looking: '正在查询它的文件…',
  license: (name) => `许可证：${name ?? '未注明'}`,
  gated: '仅向其所有者批准的用户开放。',
  config: '配置',
  split: '划分',
  size: (rows, bytes, files) =>
    `${rows === undefined ? '' : `${format.count(rows)} 行，`}${format.bytes(bytes)}，${format.count(files)} 个文件`,
  rows: '数据行',
  rowsHelp:
    '填数字表示取前若干行；也可填 1000:2000、-500:（最后 500 行）或 10%:20%。留空：全部。只下载含有这些数据行的部分。',
  rowsWrong: '请填写数字，或 1000:2000 这样的范围。',
  add: '添加这些数据行',
};
