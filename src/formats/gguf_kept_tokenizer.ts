import { ggufChatTemplates } from './gguf_tokenizer';
import { templateEntries, type TokenizerSource } from './gguf_tokenizer_writer';
import { bool, f32, text, texts, u32, type GgufEntry } from './gguf_writer';

/** The values `tokenizer.*` of a GGUF file by key, as JSON has them. */
export type KeptTokenizer = Readonly<Record<string, unknown>>;

const PREFIX = 'tokenizer.';
const TEMPLATE = 'tokenizer.chat_template';
const ADD_BOS = 'tokenizer.ggml.add_bos_token';

/** The types of lists of numbers (llama.cpp, `llama_vocab::load`). */
const LISTS: Readonly<Record<string, 'i32' | 'f32'>> = {
  'tokenizer.ggml.scores': 'f32',
  'tokenizer.ggml.token_type': 'i32',
};

/** Takes the tokenizer out of a GGUF file's metadata. */
export function keptTokenizer(metadata: ReadonlyMap<string, unknown>): KeptTokenizer {
  return Object.fromEntries([...metadata].filter(([key]) => key.startsWith(PREFIX)));
}

/** The chat templates of a kept tokenizer, as tokenizer_config.json has them. */
export function keptTemplates(kept: KeptTokenizer): Readonly<Record<string, unknown>> {
  return ggufChatTemplates(new Map(Object.entries(kept)));
}

/** The parts in which a new file differs from the one that its tokenizer is kept from. */
export interface KeptChanges {
  /** Other chat templates. */
  readonly template: TokenizerSource['template'];
  /** Whether llama.cpp puts the first special token before a prompt. */
  readonly addBos: boolean | undefined;
}

/** The entries `tokenizer.*` of a file made from another GGUF file: that file's own, except for the given changes. */
export function keptTokenizerEntries(
  kept: KeptTokenizer,
  { template, addBos }: KeptChanges,
): Map<string, GgufEntry> {
  const entries = new Map<string, GgufEntry>();
  for (const [key, value] of Object.entries(kept)) {
    if (template !== undefined && key.startsWith(TEMPLATE)) continue;
    const entry = entryOf(key, value);
    if (entry) entries.set(key, entry);
  }
  for (const [key, entry] of templateEntries(template)) entries.set(key, entry);
  if (addBos !== undefined) entries.set(ADD_BOS, bool(addBos));
  return entries;
}

/** Undefined for a list of a type that no supported tokenizer has. */
function entryOf(key: string, value: unknown): GgufEntry | undefined {
  if (typeof value === 'string') return text(value);
  if (typeof value === 'boolean') return bool(value);
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0 ? u32(value) : f32(value);
  if (!Array.isArray(value)) return undefined;
  const list: readonly unknown[] = value;
  if (list.every((each) => typeof each === 'string')) return texts(list);
  const of = LISTS[key];
  return of && list.every((each) => typeof each === 'number')
    ? { type: 'array', of, values: list }
    : undefined;
}
