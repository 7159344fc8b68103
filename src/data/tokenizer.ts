import * as v from 'valibot';
import { TunesmithError } from '../core/errors';
import { isRecord } from '../core/json';
import { message, type Message } from '../core/messages/message';
import { issueReason } from '../core/issue_reason';
import { addedTokenSplitter, readAddedToken, type AddedToken } from './tokenization/added_tokens';
import { readBytePairModel } from './tokenization/bpe';
import { readDecoder } from './tokenization/decoders';
import { checkParts, UnusableComponent } from './tokenization/fields';
import { readNormalizer } from './tokenization/normalizers';
import { readPostProcessor } from './tokenization/post_processors';
import { readPreTokenizer, type Piece } from './tokenization/pre_tokenizers';

const REPLACEMENT = '\ufffd';

/** Special tokens by their meaning, as text (`tokenizer_config.json`); absent if the model has none. */
export type SpecialTokens = Readonly<
  Partial<Record<'bos_token' | 'eos_token' | 'pad_token' | 'unk_token', string | undefined>>
>;

/**
 * Text to token ids and back, as Python's `tokenizers` does with the same `tokenizer.json`. A surrogate without its
 * partner, which Python can't encode, counts as U+FFFD.
 */
export interface Tokenizer {
  /** The highest id, plus 1. A model's embedding may have more rows. */
  readonly vocabSize: number;
  readonly specialTokens: SpecialTokens;
  readonly bosId: number | undefined;
  readonly eosId: number | undefined;
  readonly padId: number | undefined;
  /** Ids that stand for a role, an end, a picture and so on rather than for text. */
  readonly specialIds: ReadonlySet<number>;
  /**
   * @param options.addSpecialTokens whether to add the tokens that `tokenizer.json` puts around a text (often a
   *   `bos_token`); no by default, since chat templates write it themselves
   * @throws TunesmithError if a part of the text has no token
   */
  encode(text: string, options?: { readonly addSpecialTokens?: boolean }): number[];
  /** Bytes that are no UTF-8 become U+FFFD. Spaces are never "cleaned up". Ids without a token are skipped. */
  decode(ids: readonly number[], options?: DecodeOptions): string;
  /** Decodes one id at a time. */
  stream(options?: DecodeOptions): StreamingDecoder;
  /** Id of a token by its exact content, such as `<|im_end|>`. */
  tokenId(token: string): number | undefined;
}

export interface DecodeOptions {
  /** Whether special tokens are left out; no by default. */
  readonly skipSpecialTokens?: boolean;
}

/** Returns text as soon as it is certain: holds back a character until all of its bytes have come. */
export interface StreamingDecoder {
  /** Takes the next id and returns the text that it completes, which may be empty. */
  push(id: number): string;
  /** Returns the text that is still held back, with U+FFFD for incomplete characters. */
  end(): string;
}

/** `tokenizer_config.json` has a special token as text, or as an object with the text under `content`. */
const tokenText = v.pipe(
  v.nullish(v.union([v.string(), v.object({ content: v.string() })])),
  v.transform((token) => (typeof token === 'object' ? token?.content : token) ?? undefined),
);

const tokenizerConfig = v.object({
  bos_token: tokenText,
  eos_token: tokenText,
  pad_token: tokenText,
  unk_token: tokenText,
});

/**
 * Defaults for special tokens that `tokenizer_config.json` does not set; a token that the vocabulary lacks is left out.
 */
export interface OtherwiseTokens {
  /** Those of the tokenizer's class; see `tokensOfClass`. */
  readonly tokens?: SpecialTokens;
  /**
   * Ids that end an answer (`eos_token_id` of the model's configs), the best first. Used if there is no `eos_token`.
   */
  readonly eosIds?: readonly number[];
}

/**
 * @param tokenizerJson parsed `tokenizer.json`
 * @param config parsed `tokenizer_config.json`; `{}` if the model has none
 * @throws TunesmithError if one of them is malformed or of an unsupported kind
 */
export function loadTokenizer(
  tokenizerJson: unknown,
  config: unknown = {},
  otherwise: OtherwiseTokens = {},
): Tokenizer {
  const parsed = v.safeParse(tokenizerConfig, config);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const values = { field: v.getDotPath(issue) ?? undefined, reason: issueReason(issue) };
    throw unusable('tokenizer_config.json', message('tokenizer_field', values));
  }
  if (!isRecord(tokenizerJson)) throw unusable('tokenizer.json', message('tokenizer_no_object'));
  const { bos_token, eos_token, pad_token, unk_token } = parsed.output;
  try {
    return assembled(tokenizerJson, config, { bos_token, eos_token, pad_token, unk_token }, otherwise);
  } catch (cause) {
    if (cause instanceof UnusableComponent) throw unusable('tokenizer.json', cause.reason, cause);
    throw cause;
  }
}

function assembled(
  tokenizerJson: Readonly<Record<string, unknown>>,
  config: unknown,
  named: SpecialTokens,
  otherwise: OtherwiseTokens,
): Tokenizer {
  for (const name of ['normalizer', 'pre_tokenizer', 'post_processor', 'decoder']) {
    checkParts(tokenizerJson[name], name);
  }
  const model = readBytePairModel(tokenizerJson.model);
  const normalize = readNormalizer(tokenizerJson.normalizer);
  const preTokenize = readPreTokenizer(tokenizerJson.pre_tokenizer);
  const surroundings = readPostProcessor(tokenizerJson.post_processor);
  const decodeTokens = readDecoder(tokenizerJson.decoder);

  const added = addedTokens(tokenizerJson.added_tokens, config, model.vocabulary);
  const splitGiven = addedTokenSplitter(
    added.filter(({ normalized }) => !normalized),
    ({ content }) => content,
  );
  const splitNormalized = addedTokenSplitter(
    added.filter(({ normalized }) => normalized),
    ({ content }) => normalize(content),
  );

  const ids = new Map(model.vocabulary);
  for (const { content, id } of added) ids.set(content, id);
  const tokens: string[] = [];
  for (const [token, id] of model.vocabulary) tokens[id] = token;
  for (const { content, id, normalized } of added) tokens[id] = normalized ? normalize(content) : content;
  for (const id of [...surroundings.before, ...surroundings.after]) {
    if (tokens[id] === undefined) throw new UnusableComponent(message('tokenizer_post_unknown_id', { id }));
  }
  const specialIds = new Set(added.flatMap(({ id, special }) => (special ? [id] : [])));

  function encodePiece(given: string, first: boolean, into: number[]): void {
    for (const section of splitNormalized(normalize(given))) {
      if ('token' in section) {
        into.push(section.token.id);
        continue;
      }
      const piece: Piece = { text: section.text, first: first && section.begin === 0 };
      for (const { text } of preTokenize([piece])) {
        for (const id of model.encode(text, refuseUnknown)) into.push(id);
      }
    }
  }

  function encode(text: string, { addSpecialTokens = false } = {}): number[] {
    const encoded: number[] = [];
    const wellFormed = text.replace(LONE_SURROGATE, REPLACEMENT);
    for (const section of splitGiven(wellFormed)) {
      if ('token' in section) encoded.push(section.token.id);
      else encodePiece(section.text, section.begin === 0, encoded);
    }
    return addSpecialTokens ? [...surroundings.before, ...encoded, ...surroundings.after] : encoded;
  }

  function decode(given: readonly number[], { skipSpecialTokens = false }: DecodeOptions = {}): string {
    const kept = skipSpecialTokens ? given.filter((id) => !specialIds.has(id)) : given;
    const known = kept.flatMap((id) => tokens[id] ?? []);
    return known.length === 0 ? '' : decodeTokens(known).join('');
  }

  const known: SpecialTokens = {
    ...withTexts(otherwise.tokens ?? {}, (token) => ids.has(token)),
    ...withTexts(named, () => true),
  };
  const ending = otherwise.eosIds?.map((id) => tokens[id]).find((token) => token !== undefined);
  const specialTokens = known.eos_token === undefined ? { ...known, eos_token: ending } : known;
  const idOf = (token: string | undefined): number | undefined =>
    token === undefined ? undefined : ids.get(token);
  return {
    vocabSize: tokens.length,
    specialTokens,
    bosId: idOf(specialTokens.bos_token),
    eosId: idOf(specialTokens.eos_token),
    padId: idOf(specialTokens.pad_token),
    specialIds,
    encode,
    decode,
    stream: (options) => streamingDecoder((some) => decode(some, options)),
    tokenId: (token) => ids.get(token),
  };
}

function withTexts(tokens: SpecialTokens, isUsable: (token: string) => boolean): SpecialTokens {
  const entries = Object.entries<string | undefined>(tokens);
  return Object.fromEntries(entries.filter(([, token]) => token !== undefined && isUsable(token)));
}

const LONE_SURROGATE = /\p{Surrogate}/gu;

/**
 * The added tokens of `tokenizer.json`, and those that only `tokenizer_config.json` has: transformers adds these on
 * loading.
 */
function addedTokens(
  listed: unknown,
  config: unknown,
  vocabulary: ReadonlyMap<string, number>,
): readonly AddedToken[] {
  if (listed !== undefined && listed !== null && !Array.isArray(listed)) {
    throw new UnusableComponent(message('tokenizer_added_list'));
  }
  const tokens = ((listed ?? []) as readonly unknown[]).map((token) => readAddedToken(token));
  const known = new Set(tokens.map(({ content }) => content));
  const more = isRecord(config) && isRecord(config.added_tokens_decoder) ? config.added_tokens_decoder : {};
  for (const [id, value] of Object.entries(more)) {
    const token = readAddedToken(value, Number(id));
    if (known.has(token.content)) continue;
    tokens.push({ ...token, id: vocabulary.get(token.content) ?? token.id });
  }
  return tokens;
}

function refuseUnknown(character: string): never {
  throw new TunesmithError({
    code: 'tokenizer_unknown_text',
    values: { character: JSON.stringify(character) },
  });
}

/**
 * The text of new ids is the difference that they make after the ids of the last text returned: a tokenizer may render
 * an id differently after others than at the start, for instance with a space.
 */
function streamingDecoder(decode: (ids: readonly number[]) => string): StreamingDecoder {
  let before: number[] = [];
  let pending: number[] = [];
  const freshText = (): string => decode([...before, ...pending]).slice(decode(before).length);
  return {
    push(id) {
      pending.push(id);
      const fresh = freshText();
      if (fresh === '' || fresh.endsWith(REPLACEMENT)) return '';
      before = pending;
      pending = [];
      return fresh;
    },
    end() {
      const fresh = freshText();
      before = [];
      pending = [];
      return fresh;
    },
  };
}

function unusable(file: string, fault: Message, cause?: unknown): TunesmithError {
  return new TunesmithError({ code: 'tokenizer_unusable', values: { file, fault }, cause });
}
