import type { Catalogue } from '../catalogue';
import { format } from './format';

export const exporting: Catalogue['exporting'] = {
  nothing: '训练之后，你可以在这里下载适配器，也可以下载合并了适配器的模型。',
  adapter: '当前打开的适配器',
  origin: '来源',
  rank: '秩与 alpha',
  modules: '作用的层',
  parameters: '参数量',
  what: '导出格式',
  options: '选项',
  purposes: {
    run: '直接运行：模型与适配器合并为一体',
    adapter: '仅适配器：与基座模型一起使用',
    more: '换一台机器训练',
  },
  download: {
    adapter: '下载适配器（.zip）',
    folder: '下载文件夹（.zip）',
    model: '下载模型（.zip）',
  },
  alone: (ending, bytes) => `只要 ${ending} 文件（${format.bytes(bytes)}）`,
  beside: (name) => `${name}（可复制）`,
  exporting: '正在写入并校验…',
  stop: '停止',
  stopping: '正在停止…',
  saved: (fileName) => `已保存为 ${fileName}。`,
  again: '再次下载',
  chat: '用导出的文件对话',
  base: '基座模型',
  baseExample: 'owner/name',
  baseHelp: '该基座模型的来源：Hub 上的名称或网址，或本地路径。模型卡和其他程序据此查找它；会随模型记住。',
  originals: '把全精度基座模型的文件夹拖到这里',
  originalsHelp: 'config.json、分词器文件和 model*.safetensors',
  files: (count) => `文件（${format.count(count)} 个）`,
  checked: '已校验：重新读取这些文件后，得到的回答完全一致。',
  checkedNear: (difference, share, same) =>
    format.paragraph([
      '已校验：重新读取这些文件后，每个权重都等于模型与适配器之和（只舍入一次）。',
      ...(share === undefined ? [] : [`文件保留了训练改动的 ${format.percent(share)}。`]),
      same
        ? `logits 最多相差 ${difference}，${format.count(same.of)} 个下一 token 中有 ${format.count(same.count)} 个相同。`
        : `logits 最多相差 ${difference}。`,
    ]),
  checkedExamples: (records) =>
    ({
      tokens: '已校验：重新读取文件后得到的 token 与这里训练用的完全相同。',
      conversations:
        '已校验：重新读取文件后，token 文件与这里训练用的完全相同；记录文件中的对话相同，但不含 Alpaca 提示词。',
    })[records],
  checkedOriginal: ({ base, adapter }) =>
    `已校验：重新读取这些文件后，权重等于原始权重加适配器。原始权重与训练时的权重相差 ${format.percent(base)}，适配器对权重的改动为 ${format.percent(adapter)}。`,
  checkedApart: '已校验：重新读取这些文件后，每个权重都等于模型与适配器之和（只舍入一次）。没有比较 logits。',
  use: '如何使用',
  codeFor: (program) => `${program} 代码`,
  import: '导入适配器',
  importHelp: '用来对话，或继续训练。',
  drop: '把适配器的文件夹或 zip 拖到这里',
  importFiles: 'adapter_config.json 和 adapter_model.safetensors，或适配器的 .gguf 文件',
  pickFolder: '选择文件夹…',
  pickFiles: '选择文件…',
  importing: '正在读取适配器…',
  needsModel: '请先在“模型”步骤中打开它的基座模型。',
  upload: (host) => `上传到 ${host}`,
  uploadRepo: '仓库',
  uploadRepoExample: '你的用户名/模型名称',
  uploadTokenHelp: (host) => `来自 ${host}，需要写权限。只会发送到该站点。`,
  uploadPrivate: '私有',
  uploadPrivateHelp: '新建的仓库只有你自己可见。',
  uploadUpdate: '更新已有仓库',
  uploadUpdateHelp: '同名文件会被替换，其他文件保持不变。',
  uploadStart: '写入、校验并上传',
  uploadDone: '已上传：',
  uploadTitle: (files) => `用 Tunesmith 上传 ${format.count(files)} 个文件`,
};
