/** The export of GGUF files: its choices, and notes on the files. */
export const ggufExports = {
  export_gguf: 'base model and adapter in one GGUF file, for llama.cpp, Ollama and LM Studio',
  export_gguf_quantization: 'Precision',
  export_gguf_quantization_help: 'how the GGUF file stores the weights',
  gguf_f16: 'F16: 16 bits',
  gguf_f16_help: 'The weights as they are, rounded once. Other programs can quantise this file.',
  gguf_text_only:
    'The GGUF file has only the text part of the model. llama.cpp keeps the image part in a file of its own.',
  gguf_window: ({ window }: { window: number }) =>
    `In this model each token sees only the last ${window} tokens. llama.cpp does not have this limit for its architecture, so the GGUF file gives ${window} as its context length: up to there, answers are the same.`,
};
