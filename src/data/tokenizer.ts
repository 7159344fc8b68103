import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import * as v from 'valibot';
import { TunesmithError } from '../core/errors';
import { isRecord } from '../core/json';

const REPLACEMENT = '\ufffd';

/** Tokens that a model gives a meaning, as text (`tokenizer_config.json`); absent where it has none. */
export type SpecialTokens = Readonly<
  Partial<Record<'bos_token' | 'eos_token' | 'pad_token' | 'unk_token', string | undefined>>
>;

/** Text to token ids and back, as Python's `tokenizers` does with the same `tokenizer.json`. */
export interface Tokenizer {
  /** The highest id, plus 1. A model's embedding may have more rows. */
  readonly vocabSize: number;
  readonly specialTokens: SpecialTokens;
  readonly bosId: number | undefined;
  readonly eosId: number | undefined;
  readonly padId: number | undefined;
  /** Ids that stand for no text but for a role, an end, a picture and so on. */
  readonly specialIds: ReadonlySet<number>;
  /**
   * @param options.addSpecialTokens whether to add what `tokenizer.json` puts around a text (often a `bos_token`);
   *   no by default, since chat templates write it themselves
   * @throws TunesmithError where a part of the text has no token
   */
  encode(text: string, options?: { readonly addSpecialTokens?: boolean }): number[];
  /** Bytes that make no UTF-8 character become U+FFFD. Spaces are never "cleaned up". */
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

/** Gives text as soon as it is certain: a character whose bytes have not all come yet is held back. */
export interface StreamingDecoder {
  /** Takes the next id and returns the text that it completes, which may be empty. */
  push(id: number): string;
  /** Returns what is still held back (with U+FFFD for what stayed incomplete). */
  end(): string;
}

/** A special token stands in `tokenizer_config.json` as text, or as an object with the text under `content`. */
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
 * @param tokenizerJson parsed `tokenizer.json`
 * @param config parsed `tokenizer_config.json`; `{}` where there is none
 * @throws TunesmithError where one of them is malformed or of a kind that is not supported
 */
export function loadTokenizer(tokenizerJson: unknown, config: unknown = {}): Tokenizer {
  if (!isRecord(tokenizerJson) || !isRecord(tokenizerJson.model)) {
    throw unusable('tokenizer.json', 'it has no "model"');
  }
  const { type = 'BPE' } = tokenizerJson.model; // early files name no type
  if (type !== 'BPE' && type !== 'Unigram' && type !== 'WordPiece') {
    throw unusable('tokenizer.json', `its model is of the unknown type ${JSON.stringify(type)}`);
  }
  const parsed = v.safeParse(tokenizerConfig, config);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw unusable('tokenizer_config.json', `${v.getDotPath(issue) ?? 'it'}: ${issue.message}`);
  }
  const whole = {
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: null,
  };
  let library: HuggingFaceTokenizer;
  try {
    library = new HuggingFaceTokenizer({ ...whole, ...tokenizerJson }, config as object);
  } catch (cause) {
    throw unusable('tokenizer.json', cause instanceof Error ? cause.message : String(cause), cause);
  }

  const added = library.get_added_tokens_decoder();
  const tokenId = (token: string): number | undefined => library.token_to_id(token);
  const idOf = (token: string | undefined): number | undefined =>
    token === undefined ? undefined : tokenId(token);
  const { bos_token, eos_token, pad_token, unk_token } = parsed.output;
  const specialIds = new Set(Array.from(added.values(), (token) => (token.special ? token.id : -1)));
  specialIds.delete(-1);

  function encode(text: string, { addSpecialTokens = false } = {}): number[] {
    const { ids, tokens } = library.encode(text, { add_special_tokens: addSpecialTokens });
    const unknown = (ids as (number | undefined)[]).findIndex((id) => id === undefined);
    if (unknown >= 0) {
      throw new TunesmithError({
        code: 'tokenizer_unknown_text',
        message: `The tokenizer has no token for "${tokens[unknown] ?? ''}".`,
        hint: 'Remove this text from the examples, or choose a model whose tokenizer knows it.',
      });
    }
    return ids;
  }

  function decode(ids: readonly number[], { skipSpecialTokens = false }: DecodeOptions = {}): string {
    const kept = skipSpecialTokens ? ids.filter((id) => !specialIds.has(id)) : [...ids];
    if (kept.length === 0) return '';
    return library.decode(kept, { clean_up_tokenization_spaces: false });
  }

  return {
    vocabSize: highestId(library) + 1,
    specialTokens: { bos_token, eos_token, pad_token, unk_token },
    bosId: idOf(bos_token),
    eosId: idOf(eos_token),
    padId: idOf(pad_token),
    specialIds,
    encode,
    decode,
    stream: (options) => streamingDecoder((ids) => decode(ids, options)),
    tokenId,
  };
}

/**
 * The text of new ids is the difference that they make after the ids of the text given last: a tokenizer may render
 * an id differently (with a space, say) after others than at the start.
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

function highestId(library: HuggingFaceTokenizer): number {
  let highest = -1;
  for (const id of library.get_vocab().values()) highest = Math.max(highest, id);
  return highest;
}

function unusable(file: string, why: string, cause?: unknown): TunesmithError {
  return new TunesmithError({
    code: 'tokenizer_unusable',
    message: `${file} can't be used: ${why}.`,
    hint: 'The model folder needs a tokenizer.json of the kind that transformers saves for "fast" tokenizers.',
    cause,
  });
}
