import { isRecord } from '../core/json';
import type { SpecialTokens } from './tokenizer';

const LLAMA: SpecialTokens = { bos_token: '<s>', eos_token: '</s>', unk_token: '<unk>' };
const GPT2: SpecialTokens = {
  bos_token: '<|endoftext|>',
  eos_token: '<|endoftext|>',
  unk_token: '<|endoftext|>',
};
const QWEN: SpecialTokens = {
  eos_token: '<|endoftext|>',
  unk_token: '<|endoftext|>',
  pad_token: '<|endoftext|>',
};

/**
 * The special tokens that a tokenizer class of transformers has if its files name none (the defaults of the constructors,
 * transformers 5.23). Classes that are absent here have none.
 */
const OF_CLASS: Readonly<Record<string, SpecialTokens>> = {
  LlamaTokenizer: LLAMA,
  CodeLlamaTokenizer: LLAMA,
  GemmaTokenizer: { bos_token: '<bos>', eos_token: '<eos>', unk_token: '<unk>', pad_token: '<pad>' },
  Qwen2Tokenizer: QWEN,
  Qwen3_5Tokenizer: QWEN,
  GPT2Tokenizer: GPT2,
  GPTNeoXTokenizer: { ...GPT2, pad_token: '<|padding|>' },
  CohereTokenizer: {
    bos_token: '<BOS_TOKEN>',
    eos_token: '<|END_OF_TURN_TOKEN|>',
    unk_token: '<UNK>',
    pad_token: '<PAD>',
  },
};

/** The class that transformers uses for a model whose files name none. */
const CLASS_OF_MODEL: readonly (readonly [RegExp, string])[] = [
  [/^qwen[23]/, 'Qwen2Tokenizer'],
  [/^gemma/, 'GemmaTokenizer'],
];

/**
 * The special tokens of the tokenizer's class. Leaves out a token that the files set, even to null.
 *
 * @param tokenizerConfig parsed `tokenizer_config.json`
 * @param config parsed `config.json`, which may name the class as well
 */
export function tokensOfClass(tokenizerConfig: unknown, config: unknown): SpecialTokens {
  const named = nameOfClass(tokenizerConfig) ?? nameOfClass(config) ?? classOfModel(config);
  const tokens = (named !== undefined && Object.hasOwn(OF_CLASS, named) && OF_CLASS[named]) || {};
  if (!isRecord(tokenizerConfig)) return tokens;
  return Object.fromEntries(Object.entries(tokens).filter(([name]) => tokenizerConfig[name] === undefined));
}

function nameOfClass(config: unknown): string | undefined {
  const name = isRecord(config) ? config.tokenizer_class : undefined;
  return typeof name === 'string' ? name.replace(/Fast$/, '') : undefined;
}

function classOfModel(config: unknown): string | undefined {
  const type = isRecord(config) ? config.model_type : undefined;
  if (typeof type !== 'string') return undefined;
  return CLASS_OF_MODEL.find(([pattern]) => pattern.test(type))?.[1];
}
