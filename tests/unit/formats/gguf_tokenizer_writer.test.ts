import { describe, expect, test } from 'vitest';
import { loadTokenizer } from '../../../src/data/tokenizer';
import { ggufTokenizer } from '../../../src/formats/gguf_tokenizer';
import {
  ggufTokenizerEntries,
  specialsAround,
  type TokenizerSource,
} from '../../../src/formats/gguf_tokenizer_writer';
import type { GgufEntry } from '../../../src/formats/gguf_writer';
import { expected, fixture } from '../../tokenizers/expected';

type Json = Record<string, unknown>;

const PLAIN: Omit<TokenizerSource, 'tokenizer' | 'rows'> = {
  ...{ tokenizerConfig: {}, special: {}, endIds: [], template: undefined, addBos: false, addEos: false },
};

const valueOf = (entry: GgufEntry | undefined): unknown =>
  entry?.type === 'array' ? Array.from<unknown>(entry.values) : entry?.value;

function metadataOf(tokenizer: unknown, more: Partial<TokenizerSource> = {}): Map<string, unknown> {
  const rows = loadTokenizer(tokenizer).vocabSize + 3;
  const entries = ggufTokenizerEntries({ ...PLAIN, tokenizer, rows, ...more });
  return new Map(Array.from(entries, ([key, entry]) => [key, valueOf(entry)]));
}

/** Compares the ids of texts with those of the tokenizer that is read back from the entries. */
function expectSameIds(
  tokenizer: unknown,
  metadata: ReadonlyMap<string, unknown>,
  texts: readonly string[] = expected.hard,
): void {
  const own = loadTokenizer(tokenizer);
  const back = loadTokenizer(ggufTokenizer(metadata).tokenizer);
  for (const hard of texts) {
    expect(back.encode(hard), JSON.stringify(hard)).toEqual(own.encode(hard));
  }
}

/** A tokenizer with all merges that its pieces allow, the lowest id first, as Transformers makes it of a SentencePiece file. */
function withAllMerges(name: string): Json & { readonly model: Json } {
  const json = fixture(name) as Json & { readonly model: Json };
  const roles = (json.added_tokens as readonly Json[]).filter(({ special }) => special === true);
  const added = new Set(roles.map(({ content }) => content));
  const vocabulary = Object.entries(json.model.vocab as Record<string, number>);
  const pieces = vocabulary.filter(([piece]) => !added.has(piece) && !/^<0x..>$/.test(piece));
  const known = new Set(pieces.map(([piece]) => piece));
  const merges = pieces
    .toSorted(([, a], [, b]) => a - b)
    .flatMap(([piece]) =>
      Array.from({ length: piece.length - 1 }, (_, i) => [piece.slice(0, i + 1), piece.slice(i + 1)]).filter(
        ([left, right]) => known.has(left!) && known.has(right!),
      ),
    );
  return { ...json, model: { ...json.model, merges } };
}

describe('a byte-level tokenizer in a GGUF file', () => {
  test.each([
    ['gpt2', 'gpt-2'],
    ['llama3', 'llama-bpe'],
    ['qwen', 'qwen2'],
    ['smollm2', 'smollm'],
    ['smollm3', 'llama-bpe'],
    ['glm', 'glm4'],
    ['mistral_tekken', 'tekken'],
  ])('of %s is found by its splitting: %s', (name, pre) => {
    const metadata = metadataOf(fixture(name));
    expect(metadata.get('tokenizer.ggml.model')).toBe('gpt2');
    expect(metadata.get('tokenizer.ggml.pre')).toBe(pre);
    expectSameIds(fixture(name), metadata);
  });

  test.each(['split_next', 'split_removed', 'split_contiguous'])(
    'of another splitting is refused: %s',
    (name) => {
      const refused = { code: 'gguf_tokenizer_unknown', values: { part: 'pre_tokenizer' } };
      expect(() => metadataOf(fixture(name))).toThrow(expect.objectContaining(refused) as Error);
    },
  );

  test('has a token for each row of the embedding, each text once', () => {
    const json = fixture('qwen') as Json;
    const size = loadTokenizer(json).vocabSize;
    const metadata = metadataOf(json, { rows: size + 2 });
    const tokens = metadata.get('tokenizer.ggml.tokens') as string[];
    const types = metadata.get('tokenizer.ggml.token_type') as number[];
    expect(tokens.length).toBe(size + 2);
    expect(new Set(tokens).size).toBe(tokens.length);
    expect(tokens.slice(size)).toEqual([`[PAD${size}]`, `[PAD${size + 1}]`]);
    expect(types.slice(size)).toEqual([5, 5]);
    for (const { id, content } of json.added_tokens as readonly { id: number; content: string }[]) {
      expect(tokens[id]).toBe(content);
      expect([3, 4]).toContain(types[id]);
    }
  });
});

describe('a tokenizer of SentencePiece’s kind in a GGUF file', () => {
  test.each([
    ['llama2', true],
    ['gemma3', false],
    ['yi', false],
    ['ernie4_5', false],
  ])('of %s has scores that merge in the same order', (name, prefix) => {
    const json = withAllMerges(name);
    const metadata = metadataOf(json);
    expect(metadata.get('tokenizer.ggml.model')).toBe('llama');
    expect(metadata.get('tokenizer.ggml.add_space_prefix')).toBe(prefix);
    // Gemma's tokens for runs of spaces are user-defined: SentencePiece and llama.cpp take the longest, where the merges
    // of tokenizer.json may cut a run elsewhere.
    const texts = expected.hard.filter((hard) => name !== 'gemma3' || !/ {2}|▁/.test(hard));
    expectSameIds(json, metadata, texts);
  });

  test('whose pieces could be merged in other ways than its merges say is refused', () => {
    const json = withAllMerges('llama2');
    const merges = (json.model.merges as unknown[]).slice(1);
    const refused = { code: 'gguf_tokenizer_unknown', values: { part: 'model.merges' } };
    expect(() => metadataOf({ ...json, model: { ...json.model, merges } })).toThrow(
      expect.objectContaining(refused) as Error,
    );
  });

  test('that puts a space only at the very beginning has none if it is for chats', () => {
    const json = withAllMerges('mistral');
    const prefixOf = (template?: string) =>
      metadataOf(json, { template }).get('tokenizer.ggml.add_space_prefix');
    expect(prefixOf('{{ messages }}')).toBe(false);
    expect(prefixOf()).toBe(true);
  });

  test('has bytes, its unknown token and roles as such', () => {
    const metadata = metadataOf(withAllMerges('llama2'));
    const tokens = metadata.get('tokenizer.ggml.tokens') as string[];
    const types = metadata.get('tokenizer.ggml.token_type') as number[];
    expect(['<unk>', '<s>', '</s>', '<0x0A>'].map((token) => types[tokens.indexOf(token)])).toEqual([
      2, 3, 3, 6,
    ]);
  });
});

describe('the special tokens in a GGUF file', () => {
  test('are found by their text, and the other ends of an answer by their ids', () => {
    const json = fixture('qwen') as Json;
    const ids = new Map(
      (json.added_tokens as readonly { id: number; content: string }[]).map(({ id, content }) => [
        content,
        id,
      ]),
    );
    const [bos = '', eos = '', other = ''] = ids.keys();
    const metadata = metadataOf(json, {
      special: { bos_token: bos, eos_token: eos, pad_token: eos },
      endIds: [ids.get(eos)!, ids.get(other)!],
      addBos: true,
    });
    expect(Object.fromEntries(metadata)).toMatchObject({
      'tokenizer.ggml.bos_token_id': ids.get(bos),
      'tokenizer.ggml.eos_token_id': ids.get(eos),
      'tokenizer.ggml.padding_token_id': ids.get(eos),
      'tokenizer.ggml.eot_token_id': ids.get(other),
      'tokenizer.ggml.add_bos_token': true,
      'tokenizer.ggml.add_eos_token': false,
    });
    expect(metadata.has('tokenizer.ggml.unknown_token_id')).toBe(false);
  });

  test('are put around a text if tokenizer.json or else the config says so', () => {
    const token = (id: string) => ({ SpecialToken: { id } });
    const text = { Sequence: { id: 'A' } };
    const around = (single: unknown) => ({ post_processor: { type: 'TemplateProcessing', single } });
    const tokenizerConfig = { add_bos_token: true };
    expect(specialsAround({ tokenizer: around([token('<s>'), text]), tokenizerConfig: {} })).toEqual({
      bos: true,
      eos: false,
    });
    expect(specialsAround({ tokenizer: around([text, token('</s>')]), tokenizerConfig })).toEqual({
      bos: false,
      eos: true,
    });
    expect(specialsAround({ tokenizer: {}, tokenizerConfig })).toEqual({ bos: true, eos: false });
  });

  test('come with all chat templates', () => {
    const metadata = metadataOf(fixture('qwen'), { template: { default: 'a', tool_use: 'b' } });
    expect(ggufTokenizer(metadata).tokenizerConfig.chat_template).toEqual([
      { name: 'default', template: 'a' },
      { name: 'tool_use', template: 'b' },
    ]);
  });
});
