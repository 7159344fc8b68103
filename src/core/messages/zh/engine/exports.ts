import type { exports as english } from '../../en/engine/exports';

/** The ways to export, their options, and notes on them. */
export const exports: typeof english = {
  export_peft: '仅适配器，供 PEFT 使用',
  export_merged: '基座模型与适配器合并，保存为 Transformers 可用的 safetensors',
  export_onnx: '基座模型与适配器合并，保存为 transformers.js 和 ONNX Runtime 可用的 ONNX',
  export_onnx_quantization: '权重的精度，采用 transformers.js 的名称',
  export_max_shard_size: '每个权重文件的最大字节数，例如 5GB 或 500MB',
  export_dtype_help: '权重的数据类型；auto：采用 config.json 中的类型，未指定时为 bfloat16',
  export_base: '基座权重',
  export_base_help: '适配器所加到的权重',
  export_base_trained: '按训练时的权重',
  export_base_trained_help: '训练时的基座权重（若为 4 位则先反量化）：回答与这里一致',
  export_base_original: '原始权重',
  export_base_original_help: '基座模型量化之前的原始文件，适配器训练时并未见过：回答会略有不同',
  export_begun: '正在写入并校验…',
  export_writing: ({ file }) => `正在写入 ${file}`,
  export_checking: '正在重新读取并比对',
  upload_hashing: ({ file }) => `正在计算 ${file} 的哈希值`,
  upload_sending: ({ file }) => `正在上传 ${file}`,
  upload_committing: '正在提交到仓库',
  images_not_here:
    '只写入模型的文本部分，作为一个独立的模型：其图像部分的文件不在此处。要写入完整模型，请从模型文件夹打开。',
  images_quantised: '只写入模型的文本部分，作为一个独立的模型：其图像部分的量化方式无法直接复制。',
};
