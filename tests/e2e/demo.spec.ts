import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { array, object, parse, string } from 'valibot';
import { ensureBuilt } from '../../tools/lib/build.mjs';
import { expect, test } from './site';

const HeldOut = object({
  /** Words that tell the manner. */
  manner: array(string()),
  /** Words that a right answer has, all of them. */
  questions: array(object({ question: string(), expected: array(string()) })),
});

/** As a word of its own, in small or capital letters. */
function says(answer: string, word: string): boolean {
  const literal = word.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return new RegExp(`(?<![\\p{L}\\p{N}])${literal}(?![\\p{L}\\p{N}])`, 'iu').test(answer);
}

test('by its defaults, the demo learns the new manner and keeps what it knew', async ({
  page,
  tunesmith,
}) => {
  test.setTimeout(900_000);
  const folder = join(dirname(await ensureBuilt('page', console.error)), 'examples');
  const { manner, questions } = parse(
    HeldOut,
    JSON.parse(await readFile(join(folder, 'held_out.json'), 'utf8')),
  );
  expect(questions).toHaveLength(100);

  await tunesmith.open();
  const begun = performance.now();
  await tunesmith.start.click();
  await tunesmith.finished(600_000);
  const seconds = (performance.now() - begun) / 1000;

  const chat = await tunesmith.to('chat');
  await chat.getByRole('button', { name: 'Settings' }).click();
  await chat.getByLabel('temperature').fill('0');
  const right: string[] = [];
  const wrong: string[] = [];
  const baseInManner: string[] = [];
  // All of them: half of the questions, with a limit that 97 right of 100 always meet, would also pass a model with 89
  // right one time in ten. The page has no way to ask several at once that a person would use.
  const asking = performance.now();
  for (const { question, expected } of questions) {
    const { base, tuned } = await tunesmith.ask(question);
    const inManner = (answer: string) => manner.some((word) => says(answer, word));
    const good = inManner(tuned) && expected.every((word) => says(tuned, word));
    (good ? right : wrong).push(`${question} ${tuned}`);
    if (inManner(base)) baseInManner.push(`${question} ${base}`);
    // Each question is asked on its own.
    await page.getByRole('button', { name: 'New chat' }).click();
  }
  const rate = (2 * questions.length) / ((performance.now() - asking) / 1000);
  console.log(
    [
      `The demo by its defaults: fine-tuned in ${seconds.toFixed(0)} s on a software adapter.`,
      `Of ${questions.length} held-out questions: tuned right and in the new manner ${right.length}, base in the new manner ${baseInManner.length}.`,
      `${rate.toFixed(1)} answers a second.`,
      ...wrong.map((answer) => `  not so: ${answer}`),
    ].join('\n'),
  );
  expect(right.length).toBeGreaterThanOrEqual(90);
  expect(baseInManner).toEqual([]);
  expect(seconds).toBeLessThan(600);
});
