import type { ggufExports as english } from '../../en/engine/gguf_exports';
import { format } from '../format';

/** The export of GGUF files: its choices, and notes on the files. */
export const ggufExports: typeof english = {
  export_gguf: '基座模型与适配器合并为一个 GGUF 文件，供 llama.cpp、Ollama 和 LM Studio 使用',
  export_gguf_quantization: '精度',
  export_gguf_quantization_help: 'GGUF 文件中权重的存储方式',
  gguf_q8_0: 'Q8_0：8 位',
  gguf_q8_0_help: '大小约为 F16 的一半，回答几乎没有差别',
  gguf_q6_k: 'Q6_K：6 位',
  gguf_q6_k_help: '大小和回答的差别介于 Q8_0 与 Q5_K_M 之间',
  gguf_q5_k_m: 'Q5_K_M：5 到 6 位',
  gguf_q5_k_m_help: '大小和回答的差别介于 Q6_K 与 Q4_K_M 之间',
  gguf_q4_k_m: 'Q4_K_M：4 到 6 位',
  gguf_q4_k_m_help: '大小约为 F16 的三分之一；回答会有少许差别，小模型更明显',
  gguf_q4_0: 'Q4_0：4 位',
  gguf_q4_0_help: '文件最小；回答的差别比 Q4_K_M 更大',
  gguf_f16: 'F16：16 位，更精细',
  gguf_f16_help: '保持原有权重，只舍入一次；其他程序可以再量化此文件',
  gguf_bf16: 'BF16：16 位，范围更大',
  gguf_bf16_help: '舍入误差约为 F16 的八倍，不会溢出',
  gguf_f32: 'F32：32 位',
  gguf_f32_help: '大小为 F16 的两倍；几乎没有舍入误差',
  export_gguf_lora: '仅适配器，保存为 GGUF 文件，供 llama.cpp 使用',
  gguf_lora_without_ollama:
    '请在 llama.cpp 中与基座模型的 GGUF 文件一起使用。Ollama 不支持适配器：请为它导出合并后的模型。',
  gguf_text_only: 'GGUF 文件只包含模型的文本部分。llama.cpp 把图像部分放在单独的文件中。',
  modelfile_without_template:
    'Ollama 的模板语言无法表达此模型的对话模板，因此 Modelfile 中没有模板，Ollama 拼接对话的方式可能与训练时不同。llama.cpp 和 LM Studio 使用文件内的模板。',
  modelfile_dated: '对话模板会写入当天日期，而 Ollama 做不到：Modelfile 中写的是训练时样本所用的日期。',
  gguf_window: ({ window }) =>
    `此模型中每个 token 只能看到最近的 ${window} 个 token。llama.cpp 对这一架构没有此限制，因此 GGUF 文件把上下文长度写为 ${window}：在此长度之内回答相同。`,
  gguf_ends_left: ({ ends }) =>
    `此模型还会以 ${format.series(ends)} 结束回答，但 GGUF 文件无法记录这么多结束 token。在 llama.cpp 和 LM Studio 中，请将这些文本设为停止字符串；供 Ollama 使用的 Modelfile 中已包含它们。`,
};
