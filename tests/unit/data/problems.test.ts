import { expect, it } from 'vitest';
import { inEnglish } from '../../../src/core/messages/english';
import { Problems } from '../../../src/data/problems';
import type { Problem } from '../../../src/data/records';

const problem = (record: number, tokens?: number): Problem => ({
  file: 'a.jsonl',
  record,
  code: 'record_invalid',
  reason: { code: 'nothing_to_learn', values: { most: 8, ...(tokens !== undefined && { tokens }) } },
});

it('tells problems that are alike once, the most frequent first', () => {
  const problems = new Problems();
  [problem(1), problem(2, 90), problem(3, 700), problem(4, 80), problem(5, 70)].forEach((each) =>
    problems.add(each),
  );
  const told = problems.groups.map(({ reason, count, places }) => [
    inEnglish(reason),
    count,
    places.map(({ record }) => record),
  ]);
  expect(told).toEqual([
    ['Of its 90 tokens, those to learn come after the first 8.', 4, [2, 3, 4]],
    ['It has no answer to learn from.', 1, [1]],
  ]);
});

it('stays small even if each record has a reason of its own', () => {
  const problems = new Problems();
  for (let record = 1; record <= 1000; record++) {
    const names = [record.toString(36).replaceAll(/\d/g, (digit) => 'zyxwvutsrq'[Number(digit)]!)];
    problems.add({
      ...problem(record),
      code: 'record_unknown',
      reason: { code: 'record_shapeless', values: { names } },
    });
  }
  const { groups } = problems;
  problems.add(problem(1001));
  expect(problems.groups).toHaveLength(7);
  expect(groups).toHaveLength(6);
  expect(groups.reduce((sum, { count }) => sum + count, 0)).toBe(1000);
});
