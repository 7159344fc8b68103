import { describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkTexts } from '../../../../src/exports/check/texts';
import type { SmallFacts } from '../../../../src/exports/card/small_files';

const demo = join(__dirname, '../../../../public/models/demo');
const json = (name: string): unknown => JSON.parse(readFileSync(join(demo, name), 'utf8'));

type Tokenizer = { pre_tokenizer: unknown; model: { merges: unknown[] }; added_tokens: unknown[] };
const own = json('tokenizer.json') as Tokenizer;
const facts: SmallFacts = {
  config: json('config.json'),
  tokenizer: own,
  tokenizerConfig: json('tokenizer_config.json'),
  templateFile: undefined,
  generationConfig: undefined,
  texts: {},
};
const differs = expect.objectContaining({ code: 'export_differs' }) as unknown;
const thrown = (change: Partial<SmallFacts>): unknown => {
  try {
    checkTexts(facts, { ...facts, ...change });
    return undefined;
  } catch (error) {
    return error;
  }
};

describe('the texts of an export', () => {
  it('are right if tokenizer and template are the same', () => {
    expect(thrown({})).toBeUndefined();
  });

  it('are wrong without a merge, with another splitting, or without a special token', () => {
    const { merges } = own.model;
    expect(thrown({ tokenizer: { ...own, model: { ...own.model, merges: merges.slice(40) } } })).toEqual(
      differs,
    );
    const whole = { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: false };
    expect(thrown({ tokenizer: { ...own, pre_tokenizer: whole } })).toEqual(differs);
    expect(thrown({ tokenizer: { ...own, added_tokens: own.added_tokens.slice(1) } })).toEqual(differs);
  });

  it('are wrong with another template, or with none', () => {
    expect(thrown({ templateFile: '{{ messages[0].content }}' })).toEqual(differs);
    const without = { ...(facts.tokenizerConfig as object), chat_template: undefined };
    expect(thrown({ tokenizerConfig: without })).toEqual(differs);
  });
});
