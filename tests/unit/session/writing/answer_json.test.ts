import { describe, expect, it } from 'vitest';
import { pairsIn, withoutThoughts } from '../../../../src/session/writing/answer_json';

const pair = (question: string, answer?: string) => ({ question, answer });

describe('the pairs in an answer', () => {
  it.each([
    ['a list', '[{"question":"a?","answer":"A {b} [c]"},{"question":"b?","answer":"\\"B\\""}]'],
    [
      'a fenced block with words',
      'Sure!\n```json\n[{"question":"a?","answer":"A {b} [c]"},\n{"question":"b?","answer":"\\"B\\""}]\n```\nDone {}.',
    ],
    ['lines', '{"question":"a?","answer":"A {b} [c]"}\n{"question":"b?","answer":"\\"B\\""}'],
    [
      'an object around',
      '{"pairs":[{"question":"a?","answer":"A {b} [c]"},{"question":"b?","answer":"\\"B\\""}]}',
    ],
    [
      'a list that breaks off',
      '[{"question":"a?","answer":"A {b} [c]"},{"question":"b?","answer":"\\"B\\""},{"question":"c?","ans',
    ],
    ['other names', '[{"Instruction":"a?","Output":"A {b} [c]"},{"prompt":" b? ","response":"\\"B\\""}]'],
    [
      'thoughts before',
      '<think>{"question":"x","answer":"y"}</think>[{"question":"a?","answer":"A {b} [c]"},{"question":"b?","answer":"\\"B\\""}]',
    ],
  ])('are found in %s', (_, text) => {
    expect(pairsIn(text)).toEqual([pair('a?', 'A {b} [c]'), pair('b?', '"B"')]);
  });

  it('may have line breaks that JSON forbids, and Chinese names', () => {
    expect(pairsIn('{"问题":"谁？","答案":"一\n二"}')).toEqual([pair('谁？', '一\n二')]);
  });

  it('may lack the answer, but not the question', () => {
    expect(pairsIn('[{"question":"a?"},{"answer":"b"},{"question":"","answer":"c"},{"question":7}]')).toEqual(
      [pair('a?')],
    );
  });

  it.each(['', 'I can’t do that.', '[1, 2]', '{"question": "a?", ', '"{', '}{', '```'])(
    'are none in %j',
    (text) => {
      expect(pairsIn(text)).toEqual([]);
    },
  );
});

it('thoughts are no part of an answer, even if they do not end', () => {
  expect(withoutThoughts('<think>Hm.</think>\n\nYes.')).toBe('Yes.');
  expect(withoutThoughts('<think>Hm')).toBe('');
  expect(withoutThoughts('Hm.\nWell.</think>\n\nYes.')).toBe('Yes.');
  expect(withoutThoughts('Write <think>x</think>.')).toBe('Write <think>x</think>.');
  expect(withoutThoughts('A <think> tag.')).toBe('A <think> tag.');
});
