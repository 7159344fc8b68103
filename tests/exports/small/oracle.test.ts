import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadFormat, maxError } from '../../parity/fixtures';
import { largest, logProbabilities } from '../logits';
import { withLlama } from '../llama_cpp/llama';
import { headerOf, llamaRounding } from '../llama_cpp/rounding';

/** llama.cpp computes what PyTorch computes, from files that the package gguf wrote: so it can judge exports. */

it.each(['gguf_llama', 'gguf_llama_k', 'gguf_qwen2'] as const)('%s', async (format) => {
  const { folder, expected, exact } = loadFormat(format);
  const path = join(folder, 'model.gguf');
  const { input_ids } = expected.batch[1]!;
  const logits = exact('f32', 'base_logits');
  const theirs = await withLlama(path, (model) => model.logProbabilities(input_ids));
  const error = maxError(theirs, logProbabilities(logits, logits.length / input_ids.length));
  expect(error).toBeLessThanOrEqual(llamaRounding(await headerOf(path)) * largest(logits));
});
