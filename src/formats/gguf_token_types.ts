/** `tokenizer.ggml.token_type` (llama.cpp, `llama_token_type`). */
export const TOKEN_TYPE = {
  NORMAL: 1,
  UNKNOWN: 2,
  /** Stands for a role or an end; not found in a person's text. */
  CONTROL: 3,
  /** Found in every text. */
  USER_DEFINED: 4,
  /** No text has it. */
  UNUSED: 5,
  /** A byte of a character that has no token: <0x0A>. */
  BYTE: 6,
} as const;
