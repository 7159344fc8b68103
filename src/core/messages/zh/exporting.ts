import type { Catalogue } from '../catalogue';

export const exporting: Catalogue['exporting'] = {
  nothing: '训练之后，你可以在这里下载适配器，也可以下载合并了适配器的模型。',
  adapter: '当前打开的适配器',
  origin: '来源',
  rank: '秩与 alpha',
  modules: '作用的层',
  parameters: '参数量',
  what: '导出格式',
  formatNames: { peft: '仅适配器', merged: '模型与适配器合并' },
  formatHelp: {
    peft: '供 PEFT 使用，也可以再导入到这里。',
    merged: '供 Transformers 以及能读取其文件夹的程序使用。',
  },
  export: (format) =>
    `下载${format === 'peft' ? '适配器' : format === 'merged' ? '合并后的模型' : ` ${format}`}（.zip）`,
  exporting: '正在写入并校验…',
  stop: '停止',
  stopping: '正在停止…',
  saved: (fileName) => `已保存为 ${fileName}。`,
  again: '再次下载',
  files: 'zip 中的文件',
  checked: '已校验：重新读取这些文件后，得到的回答完全一致。',
  checkedNear: (difference) =>
    `已校验：重新读取这些文件后，权重等于模型与适配器之和（只舍入一次）。logits 最多相差 ${difference}。`,
  checkedApart:
    '已校验：重新读取这些文件后，权重等于模型与适配器之和（只舍入一次）。没有比较回答：设备内存不能同时放下当前模型和合并后的模型。',
  use: '如何使用',
  useHelp: {
    peft: '解压 zip，并在代码中填写基座模型的文件夹。',
    merged: '解压 zip，并在代码中填写它的文件夹。不再需要基座模型。',
  },
  useDemo: '演示模型的文件夹在 Tunesmith 中：public/models/demo。',
  codeFor: (program) => `${program} 代码`,
  import: '导入适配器',
  importHelp: '用来对话，或继续训练。',
  drop: '把适配器的文件夹或 zip 拖到这里',
  importFiles: 'adapter_config.json 和 adapter_model.safetensors',
  pickFolder: '选择文件夹…',
  pickFiles: '选择文件…',
  importing: '正在读取适配器…',
  needsModel: '请先在“模型”步骤中打开它的基座模型。',
};
