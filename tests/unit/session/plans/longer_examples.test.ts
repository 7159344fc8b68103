import { expect, it } from 'vitest';
import { listOf, longestOf, select } from '../../../../src/data/example_list';
import type { ExampleParts } from '../../../../src/session/data/dataset';
import { DEFAULTS, type TrainSettings } from '../../../../src/core/settings/settings';
import type { TokenizedExample } from '../../../../src/data/batches';
import { longerExamples } from '../../../../src/session/plans/longer_examples';

/** An example of so many tokens, cut at 128. */
function example(tokens: number): TokenizedExample {
  const kept = Math.min(tokens, 128);
  const ids = new Uint32Array(kept);
  return { ids, trained: new Uint8Array(kept).fill(1), ...(tokens > 128 && { whole: tokens }) };
}

const settings: TrainSettings = { ...DEFAULTS, max_seq_length: 128 };
const training = listOf([100, 128, 300, 700].map(example));
const heldOut = listOf([example(500)]);

/** A device that holds as many tokens in one example. */
function device(most: number) {
  const asked: number[] = [];
  const levelOf = (parts: ExampleParts) => {
    const longest = Math.max(longestOf(parts.training), longestOf(parts.heldOut));
    asked.push(longest);
    return longest <= most ? 'yes' : 'tight';
  };
  return { asked, levelOf };
}

it('is the smallest length that cuts none, if that fits', () => {
  const { asked, levelOf } = device(10_000);
  expect(longerExamples(4096, { training, heldOut }, settings, levelOf)).toEqual({
    max_seq_length: 704,
    cut: 0,
  });
  expect(asked).toEqual([128, 700]);
});

it('is no more than the model takes', () => {
  const { levelOf } = device(10_000);
  expect(longerExamples(512, { training, heldOut }, settings, levelOf)).toEqual({
    max_seq_length: 512,
    cut: 1,
  });
});

it('is the largest that fits, and tells how many it still cuts', () => {
  const { levelOf } = device(450);
  expect(longerExamples(4096, { training, heldOut }, settings, levelOf)).toEqual({
    max_seq_length: 448,
    cut: 2,
  });
});

it('is none if nothing is cut, nothing longer fits, or the present length does not', () => {
  const whole = select(training, [0, 1]);
  expect(
    longerExamples(4096, { training: whole, heldOut: listOf([]) }, settings, () => 'yes'),
  ).toBeUndefined();
  expect(longerExamples(4096, { training, heldOut }, settings, device(128).levelOf)).toBeUndefined();
  expect(longerExamples(4096, { training, heldOut }, settings, () => 'no')).toBeUndefined();
  expect(longerExamples(128, { training, heldOut }, settings, () => 'yes')).toBeUndefined();
});
