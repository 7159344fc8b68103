import { describe, expect, it } from 'vitest';
import { areManyCut, withFilling } from '../../../src/ui/examples/placeholders';
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
    const problem = (file: string, record: number, reason: string): Problem => ({
      file,
      record,
      code: 'record_invalid',
      reason,
    });
    const problems = [
      problem('a.jsonl', 1, 'It has no answer.'),
      problem('a.jsonl', 2, 'Of its 90 tokens, none is left.'),
      problem('a.jsonl', 3, 'Of its 700 tokens, none is left.'),
      problem('b.jsonl', 1, 'It has no answer.'),
    ];
    const groups = groupProblems(problems).map(({ file, reason, problems: same }) => [
      file,
      reason,
      same.map(({ record }) => record),
    ]);
    expect(groups).toEqual([
      ['a.jsonl', 'Of its 90 tokens, none is left.', [2, 3]],
      ['a.jsonl', 'It has no answer.', [1]],
      ['b.jsonl', 'It has no answer.', [1]],
    ]);
  });
});
