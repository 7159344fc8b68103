import { isRecord } from '../core/json';

type Json = Readonly<Record<string, unknown>>;

const GPT2 = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
const words = (numerals: string): string =>
  `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${numerals}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;
const UPPER = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]';
const LOWER = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]';
const TEKKEN =
  `[^\\r\\n\\p{L}\\p{N}]?${UPPER}*${LOWER}+|[^\\r\\n\\p{L}\\p{N}]?${UPPER}+${LOWER}*|` +
  '\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';

/** How a byte-level tokenizer splits texts, by `tokenizer.ggml.pre`. */
export interface GgufSplitting {
  /** Applied one after the other; each match becomes a separate part. */
  readonly patterns: readonly string[];
  readonly normalizer?: Json;
  /** Whether a part that is a token as a whole stays one, whatever the merges say. */
  readonly ignoreMerges?: true;
  /** Whether a text begins with the `bos_token` unless the file says otherwise. */
  readonly bos?: true;
}

const gpt2: GgufSplitting = { patterns: [GPT2] };
const llama3: GgufSplitting = { patterns: [words('\\p{N}{1,3}')], ignoreMerges: true, bos: true };
const qwen2: GgufSplitting = { patterns: [words('\\p{N}')], normalizer: { type: 'NFC' } };
const smollm: GgufSplitting = { patterns: ['\\p{N}', GPT2] };

/** The first of several names for the same splitting is the one to write. */
export const GGUF_SPLITTINGS: Readonly<Record<string, GgufSplitting>> = {
  'gpt-2': gpt2,
  'llama-bpe': llama3,
  llama3,
  'llama-v3': llama3,
  lfm2: llama3,
  qwen2,
  'deepseek-r1-qwen': qwen2,
  smollm,
  tekken: { patterns: [TEKKEN], ignoreMerges: true, bos: true },
  glm4: { patterns: llama3.patterns },
  'smaug-bpe': { patterns: llama3.patterns },
  'chatglm-bpe': { patterns: llama3.patterns },
  default: {
    patterns: ['[\\p{P}\\$\\+<=>\\^~\\|]+', GPT2, '\\p{N}+', '[0-9][0-9][0-9]'],
  },
};

/**
 * The name of the splitting that a byte-level tokenizer.json describes; undefined for one that llama.cpp does not know.
 * It is found by the patterns alone. llama.cpp does not normalise texts, so NFC makes no difference.
 */
export function ggufSplittingName({
  normalizer,
  pre_tokenizer,
  ignoreMerges,
}: {
  readonly normalizer: unknown;
  readonly pre_tokenizer: unknown;
  readonly ignoreMerges: boolean;
}): string | undefined {
  const patterns = componentsOf(pre_tokenizer, 'pretokenizers').map(patternsOf);
  const isKnown = componentsOf(normalizer, 'normalizers').every(({ type }) => type === 'NFC');
  if (!isKnown || patterns.includes(undefined)) return undefined;
  const given = JSON.stringify(patterns.flat());
  return Object.keys(GGUF_SPLITTINGS).find((name) => {
    const known = GGUF_SPLITTINGS[name];
    return JSON.stringify(known?.patterns) === given && (known?.ignoreMerges ?? false) === ignoreMerges;
  });
}

/** Whether a pre-tokenizer turns texts into characters for bytes. */
export function isByteLevel(preTokenizer: unknown): boolean {
  return componentsOf(preTokenizer, 'pretokenizers').some(({ type }) => type === 'ByteLevel');
}

/** The components of a sequence, or the only one, or none. */
export function componentsOf(component: unknown, list: string): readonly Json[] {
  if (component === null || component === undefined) return [];
  if (!isRecord(component)) return [{}];
  const parts = component[list];
  if (component['type'] !== 'Sequence' || !Array.isArray(parts)) return [component];
  return parts.flatMap((part) => componentsOf(part, list));
}

/** The patterns by which a pre-tokenizer splits; undefined for one that has no counterpart. */
function patternsOf({ type, ...fields }: Json): readonly string[] | undefined {
  switch (type) {
    case 'ByteLevel':
      if (fields['add_prefix_space'] === true) return undefined;
      return fields['use_regex'] === false ? [] : [GPT2];
    case 'Digits':
      return fields['individual_digits'] === true ? ['\\p{N}'] : undefined;
    case 'Split': {
      const { pattern, behavior, invert = false } = fields;
      // The known patterns match every character, so nothing is left between two matches.
      const isolates =
        (behavior === 'Isolated' && invert === false) || (behavior === 'Removed' && invert === true);
      const regex = isRecord(pattern) ? pattern['Regex'] : undefined;
      return isolates && typeof regex === 'string' ? [regex] : undefined;
    }
    default:
      return undefined;
  }
}
