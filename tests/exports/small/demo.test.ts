import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { loadTokenizer } from '../../../src/data/tokenizer';
import { readSpec } from '../../../src/models/config';
import { withLlama } from '../llama_cpp/llama';
import { judgeFloats } from '../llama_cpp/judge';
import { writeAdapter } from '../made_models';
import { report } from '../report';
import { exportTo, useDevice, useFolder, useTuned } from '../tuned';

/** The embedded demo model, whose tokenizer was trained on text, in llama.cpp. */

const device = useDevice();
const folder = useFolder();
const base = fileURLToPath(new URL('../../../public/models/demo/', import.meta.url));
const json = async (name: string): Promise<unknown> => JSON.parse(await readFile(join(base, name), 'utf8'));

const tuned = useTuned(device, async () => {
  await writeAdapter(readSpec(await json('config.json')), folder('adapter'));
  const ids = Array.from({ length: 24 }, (_, i) => (i * 7919 + 3) % 1536);
  return { base, adapter: folder('adapter'), variant: 'f32', ids };
});

const TEXTS = [
  'The fish is in the sea.',
  "I'm here; they'll see, won't we?",
  '  two spaces,\ttabs\n\n\nand lines  \n ',
  'x=3.14159+2e10; 1234567 + 00012',
  'naïve café, ÅNGSTRÖM, ﬁligree, e\u0301',
  '你好，世界。こんにちは 안녕하세요',
  '🙂👩‍👩‍👧 ✓ → ∑',
  '<|user|>Hi<|assistant|> <|pad|>x',
  '\u00a0\u200b\ufeff…',
];

it('gguf F16 has the tokens and the probabilities', async () => {
  const { files, bytes, seconds } = await exportTo(folder('f16'), tuned(), 'gguf', { quantization: 'F16' });
  const path = files.find((name) => name.endsWith('.gguf'))!;
  const tokenizer = loadTokenizer(await json('tokenizer.json'), await json('tokenizer_config.json'));
  await withLlama(path, (model) => {
    for (const text of TEXTS) expect(model.tokenize(text), text).toEqual(tokenizer.encode(text));
    return Promise.resolve();
  });
  const judged = await judgeFloats(tuned(), path);
  report({ program: 'llama.cpp', model: 'demo', export: 'gguf F16', ...judged, bytes, seconds });
  expect(judged.difference).toBeLessThanOrEqual(judged.allowed);
  expect(judged.allowed).toBeLessThan(judged.effect);
});
