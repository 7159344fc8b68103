import { beforeAll, describe, expect, it } from 'vitest';
import { DEFAULTS, type TrainSettings } from '../../../../src/core/settings/settings';
import { memoryFile } from '../../../../src/core/file_reader';
import { textsOf } from '../../../../src/data/batches';
import { longestOf, targetCount, tokenCount, type ExampleList } from '../../../../src/data/example_list';
import { makeDataset, type Dataset } from '../../../../src/session/data/dataset';
import type { OpenModel } from '../../../../src/session/models/open';
import { allExamples } from '../../all_examples';
import { openTinyModel } from '../tiny';

let model: OpenModel;
beforeAll(async () => (model = await openTinyModel()));

const SIZE = 64;

async function read(rows: readonly object[], change: Partial<TrainSettings>): Promise<Dataset> {
  const bytes = new TextEncoder().encode(rows.map((row) => JSON.stringify(row)).join('\n'));
  const settings = { ...DEFAULTS, max_seq_length: SIZE, eval_split: 0.2, ...change };
  return await makeDataset(model, [memoryFile('rows.jsonl', bytes)], settings);
}

function piecesIn(list: ExampleList): number {
  let count = 0;
  for (let index = 0; index < list.length; index++) count += Math.ceil(list.tokens(index) / SIZE);
  return count;
}

const questions = Array.from({ length: 20 }, (_, i) => ({
  instruction: `Number ${i}?`,
  output: `It is ${i}${'!'.repeat(i)}`,
}));
/** Documents of which each has a letter of its own. */
const documents = Array.from({ length: 10 }, (_, i) => ({
  text: `${'ABCDEFGHIJ'.charAt(i)} sea `.repeat(1 + 10 * i),
}));

describe('packed examples', () => {
  it('share bins in training, and none in evaluation', async () => {
    const plain = await read(questions, { max_seq_length: 128 });
    const { training, unpacked, heldOut, examples } = await read(questions, {
      packing: true,
      max_seq_length: 128,
    });
    expect([examples.length, unpacked.length, heldOut.length]).toEqual([20, 16, 4]);
    expect(training.length).toBeLessThan(16);
    expect(longestOf(training)).toBeLessThanOrEqual(128);
    expect(await allExamples(heldOut)).toEqual(await allExamples(plain.heldOut));
    expect(targetCount(training)).toBe(targetCount(plain.training));
    const texts = (await allExamples(training)).flatMap((bin) =>
      textsOf(bin).map(([first, end]) => bin.ids.slice(first, end).join()),
    );
    expect(texts.sort()).toEqual((await allExamples(plain.training)).map(({ ids }) => ids.join()).sort());
  });

  it('are cut off by bfd, and split by the strategies that keep all tokens', async () => {
    const cut = await read(documents, { packing: true });
    const split = await read(documents, { packing: true, packing_strategy: 'bfd_split' });
    expect(cut.truncated).toBeGreaterThan(0);
    expect(split.truncated).toBe(0);
    expect(tokenCount(split.training)).toBeGreaterThan(tokenCount(cut.training));
    expect(longestOf(split.heldOut)).toBeLessThanOrEqual(SIZE);
  });
});

describe('texts for continued pre-training', () => {
  const pt = { objective: 'pt' } as const;

  it('are learnt whole, in pieces', async () => {
    const whole = await read(documents, { max_seq_length: 512 });
    const pieces = await read(documents, pt);
    expect([whole.truncated, pieces.truncated]).toEqual([0, 0]);
    expect(longestOf(pieces.training)).toBe(SIZE);
    // The first token of a piece has nothing before it, so a piece of one token teaches nothing.
    const count = piecesIn(whole.training);
    expect(targetCount(pieces.training)).toBe(tokenCount(whole.training) - count);
    expect(count - pieces.training.length).toBeLessThanOrEqual(1);
  });

  it.each(['bfd', 'bfd_split', 'wrapped'] as const)(
    'lose nothing if they are packed: %s',
    async (strategy) => {
      const whole = await read(documents, { max_seq_length: 512 });
      const pieces = await read(documents, pt);
      const bins = await read(documents, { ...pt, packing: true, packing_strategy: strategy });
      expect(tokenCount(bins.training)).toBe(tokenCount(whole.training));
      expect(bins.training.length).toBeLessThan(pieces.training.length);
      expect(await allExamples(bins.heldOut)).toEqual(await allExamples(pieces.heldOut));
    },
  );

  it('have no pieces of one document on both sides of the split', async () => {
    const { training, heldOut } = await read(documents, pt);
    const lettersOf = async (list: ExampleList): Promise<string[]> => {
      const texts = (await allExamples(list)).map(({ ids }) => model.tokenizer.decode(Array.from(ids)));
      return [...new Set(texts.join('').match(/[A-J]/g))];
    };
    const [trained, held] = [await lettersOf(training), await lettersOf(heldOut)];
    expect([trained.length, held.length]).toEqual([8, 2]);
    expect([...trained, ...held].sort().join('')).toBe('ABCDEFGHIJ');
  });

  it('of a single document are all learnt, and a note says that nothing is held out', async () => {
    const { training, heldOut, notes } = await read(documents.slice(-1), pt);
    expect([training.length > 1, heldOut.length]).toEqual([true, 0]);
    expect(notes.map(({ code }) => code)).toEqual(['nothing_held_out']);
    const without = await read(documents.slice(-1), { ...pt, eval_split: 0 });
    expect(without.notes).toEqual([]);
  });

  it('of conversations are the rendered ones', async () => {
    const all = await read(questions, { train_on: 'all' });
    const { training } = await read(questions, pt);
    expect(await allExamples(training)).toEqual(await allExamples(all.training));
  });
});
