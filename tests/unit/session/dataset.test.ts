import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { openFolder } from '../../../src/cli/files';
import { makeDataset, targetCount, tokenCount } from '../../../src/session/dataset';
import { openModel, type OpenModel } from '../../../src/session/open_model';
import { DEFAULTS } from '../../../src/train/settings';

const path = fileURLToPath(new URL('../../parity/fixtures/qwen3/', import.meta.url));
let model: OpenModel;
beforeAll(async () => {
  model = await openModel(await openFolder(path, 'model'), { name: 'tiny', source: 'files' });
});

function fileOf(...rows: object[]): { name: string; text: string } {
  return { name: 'rows.jsonl', text: rows.map((row) => JSON.stringify(row)).join('\n') };
}

const rows = Array.from({ length: 10 }, (_, i) => ({ instruction: `Number ${i}?`, output: `It is ${i}.` }));

describe('examples as a model sees them', () => {
  it('are never longer than the model has positions', async () => {
    const long = fileOf({ text: 'a fish in the sea '.repeat(500) }, { text: 'short' });
    const settings = { ...DEFAULTS, train_on: 'all' as const, max_seq_length: 10_000, eval_split: 0 };
    const { training, truncated } = await makeDataset(model, [long], settings);
    expect(Math.max(...training.map(({ ids }) => ids.length))).toBe(512);
    expect(truncated).toBe(1);
  });

  it('are split by eval_split and seed, and counted', async () => {
    const { examples, training, heldOut } = await makeDataset(model, [fileOf(...rows)], {
      ...DEFAULTS,
      eval_split: 0.2,
    });
    expect([examples.length, training.length, heldOut.length]).toEqual([10, 8, 2]);
    expect(tokenCount(training) + tokenCount(heldOut)).toBe(tokenCount(examples));
    const targets = targetCount(examples);
    expect(targets).toBeGreaterThan(0);
    expect(targets).toBeLessThan(tokenCount(examples));
  });

  it('have a hash that follows the files and the settings that matter', async () => {
    const hash = async (change: Partial<typeof DEFAULTS>, ...files: object[]): Promise<string> =>
      (await makeDataset(model, [fileOf(...files)], { ...DEFAULTS, ...change })).hash;
    const original = await hash({}, ...rows);
    expect(await hash({ learning_rate: 1e-5 }, ...rows)).toBe(original);
    expect(await hash({ train_on: 'all' }, ...rows)).not.toBe(original);
    expect(await hash({ seed: 1 }, ...rows)).not.toBe(original);
    expect(await hash({}, ...rows.slice(1))).not.toBe(original);
  });

  it('report what can not be used and go on', async () => {
    const { examples, problems } = await makeDataset(
      model,
      [fileOf(...rows, { question: 'What?' })],
      DEFAULTS,
    );
    expect(examples).toHaveLength(10);
    expect(problems).toMatchObject([{ file: 'rows.jsonl', row: 11 }]);
  });
});
