import { beforeAll, expect, it } from 'vitest';
import { DEFAULTS } from '../../../../src/core/settings/settings';
import { makeDataset, type Dataset } from '../../../../src/session/data/dataset';
import type { OpenModel } from '../../../../src/session/models/open';
import type { Progress } from '../../../../src/session/progress';
import { Examples, type ExamplesSession } from '../../../../src/session/data/examples';
import { openTinyModel } from '../tiny';

let model: OpenModel;
beforeAll(async () => (model = await openTinyModel()));

/** A session without a device: all that reading examples needs. */
function openExamples(): { examples: Examples; session: { dataset: Dataset | undefined } } {
  const session: { dataset: Dataset | undefined } = { dataset: undefined };
  const fake: ExamplesSession = {
    setExamples: async (files, settings, options) =>
      (session.dataset = await makeDataset(model, files, settings, options)),
    model,
    get hasDataset() {
      return session.dataset !== undefined;
    },
    get dataset() {
      return session.dataset!;
    },
  };
  return { examples: new Examples(fake), session };
}

const fileOf = (count: number) => ({
  name: `${count}.jsonl`,
  content: new Blob(['{"text":"a fish in the sea and a bird in the nest"}\n'.repeat(count)]),
});

it('reads examples, tells how far it is, and reports them', async () => {
  const { examples } = openExamples();
  expect(examples.report()).toBeUndefined();
  const told: Progress[] = [];
  const report = await examples.set([fileOf(4000)], DEFAULTS, (progress) => told.push(progress));
  expect(report).toMatchObject({ files: ['4000.jsonl'], examples: 4000, problems: [] });
  expect(examples.report()).toEqual(report);
  expect((await examples.preview(3998, 3)).map(({ index }) => index)).toEqual([3998, 3999]);
  expect(told[0]).toMatchObject({ label: { code: 'examples_reading' } });
});

it('ends an older reading for a newer one, whose examples hold', async () => {
  const { examples, session } = openExamples();
  const older = examples.set([fileOf(4000)], DEFAULTS);
  const newer = examples.set([fileOf(3)], DEFAULTS);
  await expect(older).rejects.toMatchObject({ name: 'AbortError' });
  expect((await newer).examples).toBe(3);
  expect(session.dataset?.files[0]?.name).toBe('3.jsonl');
});

it('stops when it is asked to, and what was there before stays', async () => {
  const { examples, session } = openExamples();
  await examples.set([fileOf(3)], DEFAULTS);
  const reading = examples.set([fileOf(4000)], DEFAULTS, () => examples.stop());
  await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
  expect(session.dataset?.files[0]?.name).toBe('3.jsonl');
});

it('reads a file with the same number and name only once', async () => {
  const { examples, session } = openExamples();
  const first = { ...fileOf(3), id: 1 };
  await examples.set([first, { ...fileOf(4), id: 2 }, fileOf(5)], DEFAULTS);
  const [a, b, c] = session.dataset!.files;
  await examples.set([{ ...fileOf(4), id: 2 }, fileOf(5), { ...first, name: 'other' }], DEFAULTS);
  expect(session.dataset!.files.map((file) => [a, b, c].indexOf(file))).toEqual([1, -1, -1]);
});

it('tells the beginning of a long row, and the parts of one that compares answers', async () => {
  const { examples } = openExamples();
  const row = { prompt: 'Which?', chosen: 'This.', rejected: 'That.' };
  const rows = [{ text: 'a fish '.repeat(30_000) }, row].map((each) => JSON.stringify(each));
  await examples.set([{ name: 'long.jsonl', content: new Blob([rows.join('\n')]) }], DEFAULTS);
  const opened = await examples.row(0, 10);
  expect(opened).toMatchObject({ isWhole: false, examples: [{ length: 512 }] });
  expect([opened?.value.length, opened?.examples[0]?.tokens.length]).toEqual([200_000, 10]);
  expect((await examples.row(1, 10))?.judged).toEqual([
    { part: 'prompt', text: 'Which?' },
    { part: 'chosen', text: 'This.' },
    { part: 'rejected', text: 'That.' },
  ]);
  expect(await examples.row(2, 10)).toBeUndefined();
});
