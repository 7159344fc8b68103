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
  purposes: {
    run: '直接运行：模型与适配器合并为一体',
    adapter: '仅适配器：与基座模型一起使用',
    more: '换一台机器训练',
  },
  formatNames: {
    gguf: 'llama.cpp、Ollama、LM Studio',
    onnx: '网页、ONNX Runtime',
    merged: 'Transformers、vLLM',
    peft: 'PEFT',
    'gguf-lora': 'llama.cpp',
    cluster: '集群或服务器',
  },
  formatHelp: {
    gguf: '单个 GGUF 文件，可选全精度或量化。',
    onnx: 'ONNX 文件，供 transformers.js、onnxruntime-web 和 onnxruntime-genai 使用。',
    merged: 'safetensors 文件夹，供 Python 程序和推理服务使用。',
    peft: '小文件夹，供 Python 使用，也可以再导入到这里。',
    'gguf-lora': '小 GGUF 文件，与基座模型的 GGUF 文件一起加载。',
    cluster: '样本、设置以及 LLaMA-Factory 和 TRL 的脚本。',
  },
  export: (format) =>
    ({
      peft: '下载适配器（.zip）',
      'gguf-lora': '下载适配器（.zip）',
      cluster: '下载文件夹（.zip）',
    })[format] ?? '下载模型（.zip）',
  exporting: '正在写入并校验…',
  stop: '停止',
  stopping: '正在停止…',
  saved: (fileName) => `已保存为 ${fileName}。`,
  again: '再次下载',
  files: 'zip 中的文件',
  checked: '已校验：重新读取这些文件后，得到的回答完全一致。',
  checkedNear: (difference) =>
    `已校验：重新读取这些文件后，权重等于模型与适配器之和（只舍入一次）。logits 最多相差 ${difference}。`,
  checkedExamples: '已校验：重新读取文件后得到的 token 与这里训练用的完全相同。',
  checkedApart:
    '已校验：重新读取这些文件后，权重等于模型与适配器之和（只舍入一次）。没有比较回答：设备内存不能同时放下当前模型和合并后的模型。',
  use: '如何使用',
  useHelp: {
    peft: '解压 zip，并在代码中填写基座模型的文件夹。',
    merged: '解压 zip，并在代码中填写它的文件夹。不再需要基座模型。',
    cluster: '在另一台机器上解压 zip。其中的 README.md 说明需要安装什么。',
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
  uploadTitle: (files) => `用 Tunesmith 上传 ${format.count(files)} 个文件`,
};
