import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openFolder } from '../../../src/cli/files';
import { loadTokenizer } from '../../../src/data/tokenizer';
import { openCheckpoint } from '../../../src/models/files';
import { parameterCount } from '../../../src/models/spec';
import { writeMadeUpCheckpoint } from '../../../tools/lib/made_up_checkpoint.mjs';

const shapes = {
  hidden_size: 64,
  intermediate_size: 128,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  vocab_size: 700,
};

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'tunesmith-test-'));
});
afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

test('a made-up checkpoint is one: in shards, with a tokenizer for the whole vocabulary', async () => {
  const folder = join(scratch, 'model');
  const said: string[] = [];
  const parameters = await writeMadeUpCheckpoint(folder, shapes, (line) => said.push(line), 100_000);
  const checkpoint = await openCheckpoint(await openFolder(folder, 'model'));
  expect(checkpoint.files.length).toBeGreaterThan(1);
  expect(said).toHaveLength(checkpoint.files.length);
  expect(parameterCount(checkpoint.spec)).toBe(parameters);

  const tokenizer = loadTokenizer(checkpoint.tokenizer, checkpoint.tokenizerConfig);
  expect(tokenizer.vocabSize).toBe(shapes.vocab_size);
  const text = 'Zwölf Boxkämpfer, 十二名拳击手 🥊';
  expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);

  // It is there: nothing is written again.
  expect(await writeMadeUpCheckpoint(folder, shapes, (line) => said.push(line))).toBe(parameters);
  expect(said).toHaveLength(checkpoint.files.length);
});
