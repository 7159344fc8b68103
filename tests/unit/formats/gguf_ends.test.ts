import { expect, it } from 'vitest';
import { leftEnds } from '../../../src/formats/gguf_ends';
import { texts, u32 } from '../../../src/formats/gguf_writer';

const TOKENS = ['a', '<|endoftext|>', '<|user|>', '<|observation|>', '<|im_end|>'];

it('the ends that neither an entry names nor llama.cpp knows are left', () => {
  const entries = new Map([
    ['tokenizer.ggml.tokens', texts(TOKENS)],
    ['tokenizer.ggml.eos_token_id', u32(1)],
    ['tokenizer.ggml.eot_token_id', u32(2)],
  ]);
  expect(leftEnds(entries, [1, 2, 4])).toEqual([]);
  expect(leftEnds(entries, [1, 2, 3, 4])).toEqual(['<|observation|>']);
});
