import { TunesmithError } from '../core/errors';
import { isRecord } from '../core/json';
import { isKnownEnd } from './gguf_ends';
import { pieceScores } from './gguf_piece_scores';
import { componentsOf, ggufSplittingName, isByteLevel } from './gguf_splittings';
import { TOKEN_TYPE } from './gguf_token_types';
import { bool, text, texts, u32, type GgufEntry } from './gguf_writer';

/** A checkpoint's tokenizer. */
export interface TokenizerSource {
  /** Parsed tokenizer.json. */
  readonly tokenizer: unknown;
  /** Parsed tokenizer_config.json. */
  readonly tokenizerConfig: unknown;
  /** Special tokens by their meaning, as text. */
  readonly special: Readonly<
    Partial<Record<'bos_token' | 'eos_token' | 'pad_token' | 'unk_token', string | undefined>>
  >;
  /** All ids that end an answer. */
  readonly endIds: readonly number[];
  /** One chat template in Jinja, or several by name. */
  readonly template: string | Readonly<Record<string, string>> | undefined;
  /** Whether llama.cpp puts the special tokens before and after a prompt. */
  readonly addBos: boolean;
  readonly addEos: boolean;
  /** Rows of the embedding: the file has a token for each. */
  readonly rows: number;
}

type Json = Readonly<Record<string, unknown>>;

const { NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE } = TOKEN_TYPE;
/** SentencePiece's character for a space. */
const SPACE = '\u2581';

/** A token of the file. */
interface Token {
  readonly content: string;
  readonly type: number;
}

/**
 * The entries `tokenizer.*` of a GGUF file: the inverse of `ggufTokenizer`. A byte-level BPE tokenizer keeps its
 * merges, and `tokenizer.ggml.pre` names its splitting. A tokenizer of SentencePiece's kind gets scores by which
 * llama.cpp merges in the same order.
 *
 * @throws TunesmithError `gguf_tokenizer_unknown` naming the part of tokenizer.json that llama.cpp has no counterpart for
 */
export function ggufTokenizerEntries(source: TokenizerSource): Map<string, GgufEntry> {
  const json = isRecord(source.tokenizer) ? source.tokenizer : {};
  const model = modelOf(json);
  const added = addedTokens(json['added_tokens'], source.tokenizerConfig, model);
  const isBytes = isByteLevel(json['pre_tokenizer']);
  const tokens = tokensOf(model, added, source.rows, isBytes);
  const own = isBytes ? byteLevel(json, model) : sentencePiece(json, model, tokens, source);
  return new Map([
    ...own,
    ['tokenizer.ggml.tokens', texts(tokens.map(({ content }) => content))],
    ['tokenizer.ggml.token_type', { type: 'array', of: 'i32', values: tokens.map(({ type }) => type) }],
    ...specialTokens(source, tokens),
    ['tokenizer.ggml.add_bos_token', bool(source.addBos)],
    ['tokenizer.ggml.add_eos_token', bool(source.addEos)],
    ...templateEntries(source.template),
  ]);
}

interface Model {
  readonly vocabulary: ReadonlyMap<string, number>;
  readonly merges: readonly (readonly [string, string])[];
  readonly unknown: string | undefined;
  readonly ignoreMerges: boolean;
  readonly byteFallback: boolean;
}

function modelOf(json: Json): Model {
  const model = isRecord(json['model']) ? json['model'] : {};
  const { type = 'BPE', vocab, merges, unk_token, ignore_merges, byte_fallback } = model;
  const affixes = [model['continuing_subword_prefix'], model['end_of_word_suffix']];
  const isPlain = affixes.every((affix) => affix === undefined || affix === null || affix === '');
  if (type !== 'BPE' || !isPlain || !isRecord(vocab) || !Array.isArray(merges)) throw unknownPart('model');
  return {
    vocabulary: new Map(Object.entries(vocab).map(([token, id]) => [token, Number(id)])),
    merges: merges.map((merge) => {
      const [left, right, more] = Array.isArray(merge) ? (merge as unknown[]) : String(merge).split(' ');
      if (typeof left === 'string' && typeof right === 'string' && more === undefined) return [left, right];
      throw unknownPart('model.merges');
    }),
    unknown: typeof unk_token === 'string' ? unk_token : undefined,
    ignoreMerges: ignore_merges === true,
    byteFallback: byte_fallback === true,
  };
}

interface Added {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
}

/** The added tokens of tokenizer.json, and those that only tokenizer_config.json has. */
function addedTokens(listed: unknown, config: unknown, { vocabulary }: Model): readonly Added[] {
  const more =
    isRecord(config) && isRecord(config['added_tokens_decoder']) ? config['added_tokens_decoder'] : {};
  const all = [
    ...(Array.isArray(listed) ? (listed as unknown[]) : []),
    ...Object.entries(more).map(([id, token]) => (isRecord(token) ? { id: Number(id), ...token } : token)),
  ];
  const added = new Map<string, Added>();
  for (const token of all) {
    if (!isRecord(token)) continue;
    const { id, content, special } = token;
    if (typeof id !== 'number' || typeof content !== 'string' || added.has(content)) continue;
    added.set(content, { id: vocabulary.get(content) ?? id, content, special: special === true });
  }
  return [...added.values()];
}

/** One token for each row of the embedding; llama.cpp needs every text once. */
function tokensOf(model: Model, added: readonly Added[], rows: number, isBytes: boolean): readonly Token[] {
  const tokens: (Token | undefined)[] = new Array<Token | undefined>(rows).fill(undefined);
  const put = (id: number, token: Token): void => {
    if (id < rows) tokens[id] = token;
  };
  for (const [content, id] of model.vocabulary) {
    const isByte = !isBytes && model.byteFallback && /^<0x[0-9A-F]{2}>$/.test(content);
    const type = isByte ? BYTE : content === model.unknown && !isBytes ? UNKNOWN : NORMAL;
    put(id, { content, type });
  }
  for (const { id, content, special } of added) {
    if (content === model.unknown && !isBytes) continue;
    const isControl = special || looksSpecial(content);
    // llama.cpp looks for these tokens before it replaces spaces.
    const plain = isBytes || isControl ? content : content.replaceAll(SPACE, ' ');
    put(id, { content: plain, type: isControl ? CONTROL : USER_DEFINED });
  }
  const known = new Set<string>();
  return tokens.map((token, id) => {
    const usable = token && token.content !== '' && !known.has(token.content);
    const kept = usable ? token : { content: `[PAD${id}]`, type: UNUSED };
    known.add(kept.content);
    return kept;
  });
}

/** Tokens for roles and ends that some checkpoints list without marking them as special. llama.cpp's converter has this rule. */
function looksSpecial(content: string): boolean {
  return (
    /^<\|.*\|>$|^<｜.*｜>$|^<unused.*>$/su.test(content) ||
    ['<pad>', '<mask>', '<2mass>', '[@BOS@]'].includes(content)
  );
}

function byteLevel(json: Json, model: Model): readonly (readonly [string, GgufEntry])[] {
  const pre = ggufSplittingName({
    normalizer: json['normalizer'],
    pre_tokenizer: json['pre_tokenizer'],
    ignoreMerges: model.ignoreMerges,
  });
  if (pre === undefined) throw unknownPart('pre_tokenizer');
  return [
    ['tokenizer.ggml.model', text('gpt2')],
    ['tokenizer.ggml.pre', text(pre)],
    ['tokenizer.ggml.merges', texts(model.merges.map(([left, right]) => `${left} ${right}`))],
  ];
}

function sentencePiece(
  json: Json,
  model: Model,
  tokens: readonly Token[],
  { template }: TokenizerSource,
): readonly (readonly [string, GgufEntry])[] {
  if (!model.byteFallback || model.ignoreMerges) throw unknownPart('model');
  const prefix = spacePrefix(json, template !== undefined);
  const ids = new Map(
    [...model.vocabulary].filter(([content, id]) => {
      const token = tokens[id];
      return token?.type === NORMAL && token.content === content;
    }),
  );
  const scores = pieceScores({ ids, merges: model.merges });
  if (!scores) throw unknownPart('model.merges');
  // No pair makes these pieces, so their scores only have to be numbers; SentencePiece goes on counting.
  let next = -scores.size;
  const values = tokens.map(({ type }, id) => (type === NORMAL ? (scores.get(id) ?? next--) : 0));
  return [
    ['tokenizer.ggml.model', text('llama')],
    ['tokenizer.ggml.pre', text('default')],
    ['tokenizer.ggml.scores', { type: 'array', of: 'f32', values }],
    ['tokenizer.ggml.add_space_prefix', bool(prefix)],
  ];
}

/**
 * Whether a space is put before a text. llama.cpp puts one before every text between special tokens, or none at all. A
 * tokenizer that puts one only at the very beginning is nearer to none if the model is for chats: these begin with a
 * special token.
 */
function spacePrefix(json: Json, isForChats: boolean): boolean {
  let prefix = false;
  let replaces = false;
  for (const { type, ...fields } of componentsOf(json['normalizer'], 'normalizers')) {
    const { prepend, pattern, content } = fields;
    if (type === 'Prepend' && prepend === SPACE) prefix = true;
    else if (type === 'Replace' && isRecord(pattern) && pattern['String'] === ' ' && content === SPACE)
      replaces = true;
    else throw unknownPart('normalizer');
  }
  for (const { type, ...fields } of componentsOf(json['pre_tokenizer'], 'pretokenizers')) {
    const { replacement, prepend_scheme = 'always', split, pattern } = fields;
    // Splitting at spaces after all of them are replaced changes nothing.
    if (type === 'Split' && replaces && isRecord(pattern) && pattern['String'] === ' ') continue;
    if (type !== 'Metaspace' || replacement !== SPACE || split !== false) throw unknownPart('pre_tokenizer');
    replaces = true;
    prefix ||= prepend_scheme === 'always' || (prepend_scheme === 'first' && !isForChats);
  }
  if (!replaces) throw unknownPart('normalizer');
  return prefix;
}

function specialTokens(
  { special, endIds }: TokenizerSource,
  tokens: readonly Token[],
): readonly (readonly [string, GgufEntry])[] {
  const idOf = (content: string | undefined): number | undefined => {
    const id = tokens.findIndex((token) => token.content === content);
    return id < 0 ? undefined : id;
  };
  const ends = endIds.filter((id) => id < tokens.length);
  const eos = idOf(special.eos_token) ?? ends[0];
  const others = ends.filter((id) => id !== eos);
  const textOf = (id: number): string => tokens[id]?.content ?? '';
  const isMessageEnd = (id: number): boolean => textOf(id) === '<|eom_id|>';
  // There is room for one more: best for an end that llama.cpp doesn't know by its text.
  const turnEnds = others.filter((id) => !isMessageEnd(id));
  const ids = {
    bos: idOf(special.bos_token),
    eos,
    unknown: idOf(special.unk_token),
    padding: idOf(special.pad_token),
    eot: turnEnds.find((id) => !isKnownEnd(textOf(id))) ?? turnEnds[0],
    eom: others.find(isMessageEnd),
  };
  return Object.entries(ids).flatMap(([name, id]) =>
    id === undefined ? [] : [[`tokenizer.ggml.${name}_token_id`, u32(id)] as const],
  );
}

/** Whether the tokenizer puts its special tokens before and after a text. */
export function specialsAround({
  tokenizer,
  tokenizerConfig,
}: Pick<TokenizerSource, 'tokenizer' | 'tokenizerConfig'>): { readonly bos: boolean; readonly eos: boolean } {
  const config = isRecord(tokenizerConfig) ? tokenizerConfig : {};
  const around = surroundings(isRecord(tokenizer) ? tokenizer['post_processor'] : undefined);
  return {
    bos: around?.before ?? config['add_bos_token'] === true,
    eos: around?.after ?? config['add_eos_token'] === true,
  };
}

/** Whether tokens are put before and after a text; undefined if tokenizer.json does not say it. */
function surroundings(
  postProcessor: unknown,
): { readonly before: boolean; readonly after: boolean } | undefined {
  const template = componentsOf(postProcessor, 'processors').find(
    ({ type }) => type === 'TemplateProcessing',
  );
  const single = template?.['single'];
  if (!Array.isArray(single)) return undefined;
  const parts = single.map((part) => (isRecord(part) && 'Sequence' in part ? 'text' : 'token'));
  return { before: parts[0] === 'token', after: parts.at(-1) === 'token' };
}

/** The entries of one chat template, or of several by name; none if there is none. */
export function templateEntries(
  template: TokenizerSource['template'],
): readonly (readonly [string, GgufEntry])[] {
  if (template === undefined) return [];
  if (typeof template === 'string') return [['tokenizer.chat_template', text(template)]];
  const { default: usual, ...named } = template;
  const names = Object.keys(named);
  return [
    ...(usual === undefined ? [] : [['tokenizer.chat_template', text(usual)] as const]),
    ['tokenizer.chat_templates', texts(names)],
    ...Object.entries(named).map(([name, each]) => [`tokenizer.chat_template.${name}`, text(each)] as const),
  ];
}

function unknownPart(part: string): TunesmithError {
  return new TunesmithError({ code: 'gguf_tokenizer_unknown', values: { part } });
}
