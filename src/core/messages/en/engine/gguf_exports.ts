import { format } from '../format';

/** The export of GGUF files: its choices, and notes on the files. */
export const ggufExports = {
  export_gguf: 'base model and adapter in one GGUF file, for llama.cpp, Ollama and LM Studio',
  export_gguf_quantization: 'Precision',
  export_gguf_quantization_help: 'how the GGUF file stores the weights',
  gguf_q8_0: 'Q8_0: 8 bits',
  gguf_q8_0_help: 'half the size of F16, with answers that hardly differ',
  gguf_q6_k: 'Q6_K: 6 bits',
  gguf_q6_k_help: 'between Q8_0 and Q5_K_M, in size and in answers',
  gguf_q5_k_m: 'Q5_K_M: 5 to 6 bits',
  gguf_q5_k_m_help: 'between Q6_K and Q4_K_M, in size and in answers',
  gguf_q4_k_m: 'Q4_K_M: 4 to 6 bits',
  gguf_q4_k_m_help: 'a third of the size of F16; answers differ a little, most in small models',
  gguf_q4_0: 'Q4_0: 4 bits',
  gguf_q4_0_help: 'the smallest file; answers differ more than with Q4_K_M',
  gguf_f16: 'F16: 16 bits, fine',
  gguf_f16_help: 'the weights as they are, rounded once; other programs can quantise this file',
  gguf_bf16: 'BF16: 16 bits, wide',
  gguf_bf16_help: 'rounds eight times coarser than F16, and never overflows',
  gguf_f32: 'F32: 32 bits',
  gguf_f32_help: 'twice the size of F16; hardly any rounding',
  export_gguf_lora: 'the adapter alone in a GGUF file, for llama.cpp',
  gguf_lora_without_ollama:
    'Run it in llama.cpp beside a GGUF file of the base model. Ollama takes no adapters: export the merged model for it.',
  gguf_text_only:
    'The GGUF file has only the text part of the model. llama.cpp keeps the image part in a file of its own.',
  modelfile_without_template:
    'Ollama’s template language can’t express this model’s chat template, so the Modelfile has none, and Ollama may write conversations otherwise than in training. llama.cpp and LM Studio use the template in the file.',
  modelfile_dated:
    'The chat template writes today’s date. Ollama can’t do that: the Modelfile has the date that the examples had in training.',
  gguf_window: ({ window }: { window: number }) =>
    `In this model each token sees only the last ${window} tokens. llama.cpp does not have this limit for its architecture, so the GGUF file gives ${window} as its context length: up to there, answers are the same.`,
  gguf_ends_left: ({ ends }: { ends: readonly string[] }) =>
    `The model also ends its answers with ${format.series(ends)}, but a GGUF file has no room for these ends. In llama.cpp and LM Studio, enter these texts as stop strings; the Modelfile has them for Ollama.`,
};
