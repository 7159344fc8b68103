import { expect, test } from 'vitest';
import { readSpec } from '../../../src/models/config';
import type { Model } from '../../../src/models/model';
import { SequenceCache } from '../../../src/models/sequence_cache';

const spec = readSpec({
  architectures: ['Lfm2ForCausalLM'],
  hidden_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  intermediate_size: 96,
  vocab_size: 96,
  max_position_embeddings: 512,
  layer_types: ['conv', 'full_attention'],
});
const device = { buffers: { create: () => ({}), destroy: () => undefined } };
const model = { device, layout: { spec } } as unknown as Model;

test('a ring refuses to go on from where the tokens before were overwritten, also after a step back', () => {
  const cache = new SequenceCache(model, 512);
  cache.advance(0, 200);
  // 128 rows: those from 72 on are there, and a convolution over three tokens sees two before.
  expect(() => cache.advance(73, 1)).toThrow('too few to go on from 73');
  cache.advance(100, 1);
  expect(() => cache.advance(50, 1)).toThrow('too few to go on from 50');
  expect(() => cache.advance(102, 1)).toThrow('too few to go on from 102');
  cache.advance(74, 1);
  cache.advance(0, 3);
  cache.advance(2, 1);
});
