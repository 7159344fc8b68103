import { describe, expect, it } from 'vitest';
import { stopTokens } from '../../../src/chat/stop_tokens';

const vocabulary = new Map([
  ['<|endoftext|>', 1],
  ['<|im_end|>', 2],
  ['</s>', 3],
]);
const tokenizer = { eosId: undefined, tokenId: (token: string) => vocabulary.get(token) };

describe('the tokens that end an answer', () => {
  it('are the ends of a turn that the vocabulary has', () => {
    expect(stopTokens({ config: {}, tokenizer })).toEqual(new Set([2, 3]));
  });

  it('come from every file that names some, as a number or a list', () => {
    const stops = stopTokens({
      config: { eos_token_id: 10 },
      generationConfig: { eos_token_id: [11, 12] },
      tokenizer: { eosId: 13, tokenId: () => undefined },
    });
    expect(stops).toEqual(new Set([10, 11, 12, 13]));
  });

  it('come from text_config where the outer config names none, as in models with towers', () => {
    const tokenizerWithout = { eosId: undefined, tokenId: () => undefined };
    const text_config = { eos_token_id: [1, 106] };
    const stops = (config: object) => stopTokens({ config, tokenizer: tokenizerWithout });
    expect(stops({ text_config })).toEqual(new Set([1, 106]));
    expect(stops({ eos_token_id: null, text_config })).toEqual(new Set([1, 106]));
    expect(stops({ eos_token_id: 7, text_config })).toEqual(new Set([7]));
  });

  it('are not made up from what is no id', () => {
    const tokenizerWithout = { eosId: undefined, tokenId: () => undefined };
    for (const eos_token_id of [null, 'two', [null, '3']]) {
      const stops = stopTokens({ config: { eos_token_id }, tokenizer: tokenizerWithout });
      expect(stops).toEqual(new Set());
    }
    expect(stopTokens({ config: null, tokenizer: tokenizerWithout })).toEqual(new Set());
  });
});
