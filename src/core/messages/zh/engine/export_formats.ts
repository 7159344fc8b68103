import type { exportFormats as english } from '../../en/engine/export_formats';

/** The export formats as the page shows them. */
export const exportFormats: typeof english = {
  export_gguf_title: 'llama.cpp、Ollama、LM Studio',
  export_onnx_title: '网页、ONNX Runtime',
  export_merged_title: 'Transformers、vLLM',
  export_peft_title: 'PEFT',
  export_gguf_lora_title: 'llama.cpp',
  export_cluster_title: '集群或服务器',
  export_gguf_about: '单个 GGUF 文件，可选全精度或量化。',
  export_onnx_about: 'ONNX 文件，供 transformers.js、onnxruntime-web 和 onnxruntime-genai 使用。',
  export_merged_about: 'safetensors 文件夹，供 Python 程序和推理服务使用。',
  export_peft_about: '小文件夹，供 Python 使用，也可以再导入到这里。',
  export_gguf_lora_about: '小 GGUF 文件，与基座模型的 GGUF 文件一起加载。',
  export_cluster_about: '样本、设置以及 LLaMA-Factory 和 TRL 的脚本。',
  export_peft_use: '解压 zip，在解压出的文件夹旁运行这段代码。',
  export_merged_use: '解压 zip，在解压出的文件夹旁运行这段代码。不再需要基座模型。',
  export_gguf_use:
    '在解压出的文件夹中运行其中一组命令；llama.cpp 和 LM Studio 只需要 .gguf 文件。不再需要基座模型。',
  export_onnx_use:
    '可以在这里的对话中直接打开该 zip，也可以解压到代码中 path/to/models 所指的文件夹。不再需要基座模型。',
  export_gguf_lora_use: '在解压出的文件夹中运行这组命令。base.gguf 代表基座模型的 GGUF 文件。',
  export_cluster_use: '在另一台机器上解压 zip。其中的 README.md 说明需要安装什么。',
};
