import { missingMetadata as missing, unsupportedMetadata as unsupported } from './gguf_metadata';
import { message, type Message } from '../core/messages/message';
import { GGUF_SPLITTINGS } from './gguf_splittings';
import { TOKEN_TYPE } from './gguf_token_types';

/** The tokenizer of a GGUF file, in the form of a checkpoint's files. */
export interface GgufTokenizer {
  /** tokenizer.json */
  readonly tokenizer: Readonly<Record<string, unknown>>;
  /** tokenizer_config.json, with the chat template */
  readonly tokenizerConfig: Readonly<Record<string, unknown>>;
  /** generation_config.json */
  readonly generationConfig: Readonly<Record<string, unknown>>;
  readonly tokens: number;
  /** Notes for the person: special tokens that are left out. */
  readonly notes: readonly Message[];
}

type Metadata = ReadonlyMap<string, unknown>;
type Json = Readonly<Record<string, unknown>>;

const { UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE } = TOKEN_TYPE;

/**
 * Makes a tokenizer's files out of a GGUF file's metadata: byte-level BPE (`gpt2`) with its merges, and SentencePiece's
 * BPE (`llama`), whose merges follow from the scores: the pair whose token has the highest score comes first.
 *
 * @throws TunesmithError naming the entry that is missing, malformed or not supported
 */
export function ggufTokenizer(metadata: Metadata): GgufTokenizer {
  const model = metadata.get('tokenizer.ggml.model');
  const tokens = texts(metadata, 'tokenizer.ggml.tokens');
  if (!tokens) throw missing('tokenizer.ggml.tokens');
  const types = numbers(metadata, 'tokenizer.ggml.token_type', tokens.length);
  const special = specialTokens(metadata, tokens);
  const entries = { metadata, tokens, types, bos: special.bos_token };
  if (model !== 'gpt2' && model !== 'llama') throw unsupported('tokenizer.ggml.model', model);
  const { tokenizer, addBos } = model === 'gpt2' ? byteLevel(entries) : sentencePiece(entries);
  return {
    tokenizer: { ...tokenizer, added_tokens: addedTokens(tokens, types) },
    tokenizerConfig: { ...special, add_bos_token: addBos, ...ggufChatTemplates(metadata) },
    generationConfig: generationConfig(metadata, tokens),
    tokens: tokens.length,
    notes: notesOn(metadata, tokens),
  };
}

interface Entries {
  readonly metadata: Metadata;
  readonly tokens: readonly string[];
  readonly types: readonly number[] | undefined;
  readonly bos: string | undefined;
}

interface Built {
  readonly tokenizer: Json;
  readonly addBos: boolean;
}

function byteLevel({ metadata, tokens, types, bos }: Entries): Built {
  const pre = metadata.get('tokenizer.ggml.pre') ?? 'default';
  const splitting =
    typeof pre === 'string' && Object.hasOwn(GGUF_SPLITTINGS, pre) ? GGUF_SPLITTINGS[pre] : undefined;
  if (!splitting) throw unsupported('tokenizer.ggml.pre', pre);
  const merges = texts(metadata, 'tokenizer.ggml.merges');
  if (!merges) throw missing('tokenizer.ggml.merges');
  const { patterns, normalizer = null, ignoreMerges = false } = splitting;
  const split = (pattern: string): Json => ({
    ...{ type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false },
  });
  const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  const addBos = flag(metadata, 'tokenizer.ggml.add_bos_token', splitting.bos ?? false);
  const tokenizer = {
    ...{ version: '1.0', truncation: null, padding: null, normalizer },
    pre_tokenizer: { type: 'Sequence', pretokenizers: [...patterns.map(split), bytes] },
    post_processor: withBos(addBos ? bos : undefined, tokens),
    decoder: bytes,
    model: {
      ...{ type: 'BPE', unk_token: null, fuse_unk: false, byte_fallback: false },
      ignore_merges: ignoreMerges,
      vocab: vocabulary(tokens, types, [UNUSED]),
      merges,
    },
  };
  return { tokenizer, addBos };
}

function sentencePiece({ metadata, tokens, types, bos }: Entries): Built {
  const scores = numbers(metadata, 'tokenizer.ggml.scores', tokens.length);
  if (!scores) throw missing('tokenizer.ggml.scores');
  const prefix = flag(metadata, 'tokenizer.ggml.add_space_prefix', true);
  const addBos = flag(metadata, 'tokenizer.ggml.add_bos_token', true);
  const unknown = tokens.find((_, id) => types?.[id] === UNKNOWN) ?? tokenOf(metadata, 'unknown', tokens);
  const space = '\u2581';
  const replace = (from: string, content: string): Json => ({
    ...{ type: 'Replace', pattern: { String: from }, content },
  });
  const normalizers = [...(prefix ? [{ type: 'Prepend', prepend: space }] : []), replace(' ', space)];
  const decoders = [
    ...[replace(space, ' '), { type: 'ByteFallback' }, { type: 'Fuse' }],
    ...(prefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
  ];
  const pieces = vocabulary(tokens, types, [CONTROL, UNUSED, BYTE, UNKNOWN]);
  const tokenizer = {
    ...{ version: '1.0', truncation: null, padding: null, pre_tokenizer: null },
    normalizer: { type: 'Sequence', normalizers },
    post_processor: withBos(addBos ? bos : undefined, tokens),
    decoder: { type: 'Sequence', decoders },
    model: {
      ...{
        type: 'BPE',
        unk_token: unknown ?? null,
        fuse_unk: true,
        byte_fallback: true,
        ignore_merges: false,
      },
      vocab: vocabulary(tokens, types, [UNUSED]),
      merges: mergesByScore(pieces, scores),
    },
  };
  return { tokenizer, addBos };
}

/**
 * All pairs of pieces whose concatenation is a piece, ordered by descending score; pairs of the same piece by
 * descending length of the first part.
 */
function mergesByScore(
  pieces: Readonly<Record<string, number>>,
  scores: readonly number[],
): readonly (readonly [string, string])[] {
  const ids = new Map(Object.entries(pieces));
  const merges: { left: string; right: string; score: number }[] = [];
  for (const [piece, id] of ids) {
    for (let at = 1; at < piece.length; at++) {
      const left = piece.slice(0, at);
      const right = piece.slice(at);
      if (ids.has(left) && ids.has(right)) merges.push({ left, right, score: scores[id] ?? 0 });
    }
  }
  const length = (text: string): number => Array.from(text).length;
  merges.sort(
    (a, b) => b.score - a.score || length(b.left) - length(a.left) || length(b.right) - length(a.right),
  );
  return merges.map(({ left, right }) => [left, right] as const);
}

function vocabulary(
  tokens: readonly string[],
  types: readonly number[] | undefined,
  without: readonly number[],
): Readonly<Record<string, number>> {
  const kept = new Map<string, number>();
  tokens.forEach((token, id) => {
    if (!kept.has(token) && !without.includes(types?.[id] ?? 1)) kept.set(token, id);
  });
  return Object.fromEntries(kept);
}

/** Control tokens are special; user-defined tokens are searched for in texts as well. */
function addedTokens(tokens: readonly string[], types: readonly number[] | undefined): readonly Json[] {
  return tokens.flatMap((content, id) => {
    const type = types?.[id];
    const special = type === CONTROL || type === UNKNOWN;
    if ((!special && type !== USER_DEFINED) || content === '') return [];
    const flags = { single_word: false, lstrip: false, rstrip: false, normalized: false };
    return [{ id, content, ...flags, special }];
  });
}

function withBos(token: string | undefined, tokens: readonly string[]): Json | null {
  if (token === undefined) return null;
  return {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: token, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    special_tokens: { [token]: { id: token, ids: [tokens.indexOf(token)], tokens: [token] } },
  };
}

function specialTokens(
  metadata: Metadata,
  tokens: readonly string[],
): Record<string, string> & {
  readonly bos_token?: string;
} {
  const names = { bos_token: 'bos', eos_token: 'eos', pad_token: 'padding', unk_token: 'unknown' };
  const found: Record<string, string> = {};
  for (const [field, name] of Object.entries(names)) {
    const token = tokenOf(metadata, name, tokens);
    if (token !== undefined) found[field] = token;
  }
  return found;
}

/** A special token by its name. Undefined also for an id beyond the vocabulary: llama.cpp ignores it with a warning. */
function tokenOf(metadata: Metadata, name: string, tokens: readonly string[]): string | undefined {
  const id = metadata.get(`tokenizer.ggml.${name}_token_id`);
  if (id === undefined) return undefined;
  if (typeof id !== 'number') throw unsupported(`tokenizer.ggml.${name}_token_id`, id);
  return tokens[id];
}

function notesOn(metadata: Metadata, tokens: readonly string[]): Message[] {
  return ['bos', 'eos', 'padding', 'unknown'].flatMap((name) => {
    const key = `tokenizer.ggml.${name}_token_id`;
    const id = metadata.get(key);
    if (typeof id !== 'number' || tokens[id] !== undefined) return [];
    return [message('gguf_token_missing', { key, id, tokens: tokens.length })];
  });
}

/** The tokens that end an answer: end of the text, of the turn and of a message. */
function generationConfig(metadata: Metadata, tokens: readonly string[]): Json {
  const ids = ['eos', 'eot', 'eom'].flatMap((name) => {
    const id = metadata.get(`tokenizer.ggml.${name}_token_id`);
    return typeof id === 'number' && tokens[id] !== undefined ? [id] : [];
  });
  return ids.length === 0 ? {} : { eos_token_id: [...new Set(ids)] };
}

/** `tokenizer.chat_template`, and the named ones listed in `tokenizer.chat_templates`. */
export function ggufChatTemplates(metadata: Metadata): Json {
  const template = metadata.get('tokenizer.chat_template');
  const named = (texts(metadata, 'tokenizer.chat_templates') ?? []).flatMap((name) => {
    const source = metadata.get(`tokenizer.chat_template.${name}`);
    return typeof source === 'string' ? [{ name, template: source }] : [];
  });
  if (typeof template !== 'string') return named.length === 0 ? {} : { chat_template: named };
  return {
    chat_template: named.length === 0 ? template : [{ name: 'default', template }, ...named],
  };
}

function texts(metadata: Metadata, key: string): readonly string[] | undefined {
  const value = metadata.get(key);
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((text) => typeof text === 'string')) return value;
  throw unsupported(key, value);
}

function numbers(metadata: Metadata, key: string, count: number): readonly number[] | undefined {
  const value = metadata.get(key);
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.length === count && value.every((number) => typeof number === 'number')) {
    return value;
  }
  throw unsupported(key, value);
}

function flag(metadata: Metadata, key: string, otherwise: boolean): boolean {
  const value = metadata.get(key) ?? otherwise;
  if (typeof value === 'boolean') return value;
  throw unsupported(key, value);
}
