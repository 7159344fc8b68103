import { readFileSync } from 'node:fs';
import { loadTokenizer, type Tokenizer } from '../../../src/data/tokenizer';
import type { Message } from '../../../src/data/records';

export interface TemplateCase {
  readonly messages: readonly Message[];
  readonly text?: string;
  readonly error?: string;
  readonly prompt?: string;
  readonly ids?: readonly number[];
  readonly mask?: readonly number[];
}

export interface DataFixtures {
  readonly templates: Readonly<
    Record<'turns' | 'trimmed' | 'thinking', { source: string; cases: readonly TemplateCase[] }>
  >;
  readonly texts: readonly {
    text: string;
    ids: number[];
    with_special: number[];
    decoded: string;
    without_special: string;
  }[];
}

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`./fixtures/${name}`, import.meta.url), 'utf8'));

/** The values that make_data_fixtures.py had from transformers. */
export const dataFixtures = read('data.json') as DataFixtures;
export const toyTokenizerJson = read('toy_tokenizer.json') as Record<string, unknown>;
export const toyTokenizerConfig = {
  bos_token: '<bos>',
  eos_token: { content: '</turn>' },
  pad_token: '<pad>',
};

export function toyTokenizer(): Tokenizer {
  return loadTokenizer(toyTokenizerJson, toyTokenizerConfig);
}
