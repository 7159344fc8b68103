import type { onnxErrors as english } from '../../en/errors/onnx';
import { format } from '../format';

const exportAgain = '请重新导出模型，或重新完整复制其文件夹。';

export const onnxErrors: typeof english = {
  export_worker_failed: {
    message: '页面中运行 ONNX 文件夹的部分无法启动，或已中断。',
    hint: '请重新打开该文件夹。如果再次出现，可能是模型太大，此浏览器无法运行。',
  },
  onnx_damaged: ({ file }) => ({
    message: `${file} 不是 ONNX 文件，或者不完整。`,
    hint: exportAgain,
  }),
  onnx_data_missing: ({ file, missing }) => ({
    message: `${file} 的权重保存在 ${missing} 中，但文件夹里没有这个文件。`,
    hint: '请打开包含数据文件的完整文件夹。',
  }),
  onnx_data_short: ({ file, bytes, expected }) => ({
    message: `${file} 只有 ${format.bytes(bytes)}，而模型需要其中的 ${format.bytes(expected)}。`,
    hint: exportAgain,
  }),
  onnx_inputs: ({ file, names }) => ({
    message: `${file} 需要 ${format.count(names.length)} 个本页面无法提供的输入：${format.series(names)}。`,
    hint: '请使用文本生成模型的导出结果，其输入须是 transformers.js 支持的输入。',
  }),
  onnx_logits: ({ type }) => ({
    message: `模型输出的 logits 类型为 ${type}，不受支持。`,
    hint: '请以 float32 或 float16 的 logits 导出模型。',
  }),
  onnx_missing: {
    message: '文件夹中没有 ONNX 模型。',
    hint: '请打开包含 config.json 和 onnx/model.onnx 的文件夹，或包含 genai_config.json 和 model.onnx 的文件夹。',
  },
  onnx_needs_f16: ({ file }) => ({
    message: `${file} 的权重为 float16，而此浏览器中的显卡不支持 float16 计算。`,
    hint: '请改用处理器运行，或以 q4 或 fp32 导出模型。',
  }),
  onnx_no_memory: ({ file }) => ({
    message: `内存不足，无法运行 ${file}。`,
    hint: '请关闭其他标签页和程序，或以 q4 导出模型。',
  }),
  onnx_not_decoder: ({ file }) => ({
    message: `${file} 不是文本生成模型：缺少输入“input_ids”或输出“logits”。`,
    hint: '请使用文本生成模型的导出结果。',
  }),
  onnx_opset: ({ file, version, most }) => ({
    message: `${file} 使用的算子版本为 ${version}，本页面最高支持到版本 ${most}。`,
    hint: '请用较低的 opset 导出模型。',
  }),
  onnx_parts: ({ files }) => ({
    message: `文件夹中有多个计算图，但没有一个是完整的文本模型：${format.series(files)}。`,
    hint: '请使用导出为单个文件的文本生成模型。',
  }),
  onnx_refused: ({ file }) => ({
    message: `onnxruntime-web 无法打开 ${file}。`,
    hint: '原因见详细信息。换用其他算子或量化方式导出，可能就能打开。',
  }),
  onnx_run_failed: ({ file }) => ({
    message: `onnxruntime-web 在运行 ${file} 时中断。`,
    hint: '请重新打开该文件夹。如果再次出现，请改用处理器运行。',
  }),
  onnx_runtime_missing: {
    message: '无法加载 onnxruntime-web。首次打开 ONNX 文件夹时需要加载它。',
    hint: '请检查网络后重试。加载后会保存下来，之后无需网络也可使用。',
  },
  onnx_too_large: ({ file, bytes, most }) => ({
    message: `${file} 有 ${format.bytes(bytes)}。浏览器在处理器上最多只能运行 ${format.bytes(most)} 的模型：WebAssembly 的寻址上限为 4 GiB。`,
    hint: '请改用显卡运行，或以 q4 导出模型。',
  }),
  zip_compressed: ({ zip, file }) => ({
    message: `${zip} 中的 ${file} 经过压缩，且太大，无法在内存中解压。`,
    hint: '请先解压，再打开文件夹。',
  }),
  zip_unreadable: ({ file }) => ({
    message: `${file} 不是 zip 文件，或者已损坏或加密。`,
    hint: '请先解压，再打开文件夹。',
  }),
};
