/** The export formats as the page shows them: title, one line about the files, and how to use them. */
export const exportFormats = {
  export_gguf_title: 'llama.cpp, Ollama, LM Studio',
  export_onnx_title: 'A web page, ONNX Runtime',
  export_merged_title: 'Transformers, vLLM',
  export_peft_title: 'PEFT',
  export_gguf_lora_title: 'llama.cpp',
  export_cluster_title: 'A cluster or a server',
  export_gguf_about: 'One GGUF file, in full precision or quantised.',
  export_onnx_about: 'ONNX for transformers.js, onnxruntime-web and onnxruntime-genai.',
  export_merged_about: 'A folder of safetensors for Python and for servers.',
  export_peft_about: 'A small folder for Python. You can import it here again.',
  export_gguf_lora_about: 'A small GGUF file to load beside the GGUF file of the base model.',
  export_cluster_about: 'Examples, settings and scripts for LLaMA-Factory and TRL.',
  export_peft_use: 'Unpack the zip, and run this beside its folder.',
  export_merged_use: 'Unpack the zip, and run this beside its folder. You no longer need the base model.',
  export_gguf_use:
    'Run one of these in the folder of the unpacked zip; llama.cpp and LM Studio need only the .gguf file. You no longer need the base model.',
  export_onnx_use:
    'Open the zip in the chat here, or unpack it into the folder that the code calls path/to/models. You no longer need the base model.',
  export_gguf_lora_use:
    'Run this in the folder of the unpacked zip. base.gguf stands for the GGUF file of the base model.',
  export_cluster_use: 'Unpack the zip on the other machine. README.md in it tells what to install.',
};
