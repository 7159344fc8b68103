import { inEnglish } from '../../../src/core/messages/english';
import { describe, expect, it } from 'vitest';
import { areManyCut } from '../../../src/ui/examples/cut';
import { withFilling } from '../../../src/ui/examples/placeholders';
import { groupProblems } from '../../../src/ui/examples/problems';
import type { Problem } from '../../../src/worker/protocol';

describe('the notes on examples', () => {
  it('warn in proportion', () => {
    expect(areManyCut(693, 992)).toBe(true);
    expect(areManyCut(20, 1000)).toBe(false);
    expect(areManyCut(1, 10)).toBe(true);
    expect(areManyCut(0, 0)).toBe(false);
  });

  it('fill one placeholder, and empty it again', () => {
    const one = withFilling({}, 'name', ' Ada ');
    expect(one).toEqual({ name: 'Ada' });
    expect(withFilling(one, 'author', 'Acme')).toEqual({ name: 'Ada', author: 'Acme' });
    expect(withFilling(one, 'name', ' ')).toEqual({});
  });

  it('put problems of a file that are alike together, the most frequent first', () => {
    const problem = (file: string, record: number, tokens?: number): Problem => ({
      file,
      record,
      code: 'record_invalid',
      reason: {
        code: 'nothing_to_learn',
        values: { most: 8, ...(tokens !== undefined && { tokens }) },
      },
    });
    const problems = [
      problem('a.jsonl', 1),
      problem('a.jsonl', 2, 90),
      problem('a.jsonl', 3, 700),
      problem('b.jsonl', 1),
    ];
    const groups = groupProblems(problems).map(({ file, reason, problems: same }) => [
      file,
      inEnglish(reason),
      same.map(({ record }) => record),
    ]);
    expect(groups).toEqual([
      ['a.jsonl', 'Of its 90 tokens, those to learn come after the first 8.', [2, 3]],
      ['a.jsonl', 'It has no answer to learn from.', [1]],
      ['b.jsonl', 'It has no answer to learn from.', [1]],
    ]);
  });
});
