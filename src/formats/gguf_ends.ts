import type { GgufEntries, GgufEntry } from './gguf_writer';

/** Tokens at which llama.cpp ends an answer by their text, whatever the file says (`llama_vocab::impl::load`). */
const KNOWN = new Set([
  ...['<|eot_id|>', '<|im_end|>', '<|end|>', '<|return|>', '<|call|>', '<|flush|>', '<|calls|>'],
  ...['<end_of_turn>', '<|endoftext|>', '</s>', '<|eom_id|>', '<EOT>', '_<EOT>', '[EOT]', '[EOS]'],
  ...['<|end_of_text|>', '<end_of_utterance>', '<eos>', '<turn|>', '<|tool_response>'],
  '<｜end▁of▁sentence｜>',
]);

/** Whether llama.cpp ends an answer at a token of this text without an entry that names it. */
export function isKnownEnd(text: string): boolean {
  return KNOWN.has(text);
}

/**
 * The tokens of `endIds` at which llama.cpp would run on, as text: no entry names them, and it doesn't know their text.
 *
 * @param entries those of the file's tokenizer
 */
export function leftEnds(entries: GgufEntries, endIds: readonly number[]): readonly string[] {
  const named = ['eos', 'eot', 'eom'].map((name) => idOf(entries.get(`tokenizer.ggml.${name}_token_id`)));
  const tokens = entries.get('tokenizer.ggml.tokens');
  const texts = textsOf(tokens);
  return endIds
    .filter((id) => !named.includes(id))
    .map((id) => texts[id])
    .filter((text) => typeof text === 'string')
    .filter((text) => !isKnownEnd(text));
}

function idOf(entry: GgufEntry | undefined): number | undefined {
  if (entry?.type !== 'u32' && entry?.type !== 'encoded') return undefined;
  return typeof entry.value === 'number' ? entry.value : undefined;
}

function textsOf(entry: GgufEntry | undefined): readonly unknown[] {
  if (entry?.type === 'encoded') return Array.isArray(entry.value) ? entry.value : [];
  return entry?.type === 'array' && entry.of === 'string' ? entry.values : [];
}
