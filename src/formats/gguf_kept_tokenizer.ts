import type { GgufHeader } from './gguf';
import { GgufReader, type GgufValue } from './gguf_reader';
import { ggufChatTemplates, ggufTokenizer, type GgufTokenizer } from './gguf_tokenizer';
import { templateEntries, type TokenizerSource } from './gguf_tokenizer_writer';
import { bool, type GgufEntry } from './gguf_writer';

/** The entries `tokenizer.*` of a GGUF file by key: the bytes of each one's type and value, so that both stay as they are. */
export type KeptTokenizer = Readonly<Record<string, Uint8Array>>;

const PREFIX = 'tokenizer.';
const TEMPLATE = 'tokenizer.chat_template';
const ADD_BOS = 'tokenizer.ggml.add_bos_token';

/** Takes the tokenizer out of a GGUF file's header. */
export function keptTokenizer({ encoded }: Pick<GgufHeader, 'encoded'>): KeptTokenizer {
  const own = [...encoded].filter(([key]) => key.startsWith(PREFIX));
  // Copies, because the whole header would stay in memory otherwise.
  return Object.fromEntries(own.map(([key, bytes]) => [key, bytes.slice()]));
}

/** The tokenizer.json of a kept tokenizer. */
export function keptTokenizerJson(kept: KeptTokenizer): GgufTokenizer['tokenizer'] {
  return ggufTokenizer(valuesOf(Object.entries(kept))).tokenizer;
}

/** The chat templates of a kept tokenizer, as tokenizer_config.json has them. */
export function keptTemplates(kept: KeptTokenizer): Readonly<Record<string, unknown>> {
  return ggufChatTemplates(valuesOf(Object.entries(kept).filter(([key]) => key.startsWith(TEMPLATE))));
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
  for (const [key, bytes] of Object.entries(kept)) {
    if (template !== undefined && key.startsWith(TEMPLATE)) continue;
    entries.set(key, { type: 'encoded', bytes, value: valueOf(key, bytes) });
  }
  for (const [key, entry] of templateEntries(template)) entries.set(key, entry);
  if (addBos !== undefined) entries.set(ADD_BOS, bool(addBos));
  return entries;
}

function valuesOf(entries: readonly (readonly [string, Uint8Array])[]): ReadonlyMap<string, GgufValue> {
  return new Map(entries.map(([key, bytes]) => [key, valueOf(key, bytes)]));
}

function valueOf(key: string, bytes: Uint8Array): GgufValue {
  return new GgufReader(bytes, bytes.length, key).value(key);
}
