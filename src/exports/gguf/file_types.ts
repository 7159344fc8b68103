import { message, type Message } from '../../core/messages/message';
import type { GgmlEncoded } from '../../formats/ggml/types';

/** A kind of GGUF files, by llama.cpp's name of it. */
export interface GgufFileType {
  readonly name: string;
  /** Its number in `general.file_type`. */
  readonly number: number;
  /** The type that most of its matrices have. */
  readonly type: GgmlEncoded;
  /** The type of `attn_v` and `ffn_down` in some blocks. */
  readonly finer?: GgmlEncoded;
  readonly label: Message;
  readonly help: Message;
}

/** The kinds of GGUF files that Tunesmith writes, the usual one first. */
export const GGUF_FILE_TYPES = [
  {
    ...({ name: 'Q8_0', number: 7, type: 'Q8_0' } as const),
    ...{ label: message('gguf_q8_0'), help: message('gguf_q8_0_help') },
  },
  {
    ...({ name: 'Q6_K', number: 18, type: 'Q6_K' } as const),
    ...{ label: message('gguf_q6_k'), help: message('gguf_q6_k_help') },
  },
  {
    ...({ name: 'Q5_K_M', number: 17, type: 'Q5_K', finer: 'Q6_K' } as const),
    ...{ label: message('gguf_q5_k_m'), help: message('gguf_q5_k_m_help') },
  },
  {
    ...({ name: 'Q4_K_M', number: 15, type: 'Q4_K', finer: 'Q6_K' } as const),
    ...{ label: message('gguf_q4_k_m'), help: message('gguf_q4_k_m_help') },
  },
  {
    ...({ name: 'Q4_0', number: 2, type: 'Q4_0' } as const),
    ...{ label: message('gguf_q4_0'), help: message('gguf_q4_0_help') },
  },
  {
    ...({ name: 'F16', number: 1, type: 'F16' } as const),
    ...{ label: message('gguf_f16'), help: message('gguf_f16_help') },
  },
  {
    ...({ name: 'BF16', number: 32, type: 'BF16' } as const),
    ...{ label: message('gguf_bf16'), help: message('gguf_bf16_help') },
  },
  {
    ...({ name: 'F32', number: 0, type: 'F32' } as const),
    ...{ label: message('gguf_f32'), help: message('gguf_f32_help') },
  },
] as const satisfies readonly GgufFileType[];
