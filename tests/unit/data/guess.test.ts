import { describe, expect, it } from 'vitest';
import { FoundColumns } from '../../../src/data/shapes/found_columns';
import { guessMapping } from '../../../src/data/shapes/guess';

function found(...records: Record<string, unknown>[]): FoundColumns {
  const columns = new FoundColumns();
  for (const record of records) columns.add(record as never);
  return columns;
}

describe('the columns of a file', () => {
  it('are named with a sample of their first value that is not empty', () => {
    expect(found({ a: null, b: '' }, { a: ' Hi ', b: 'x'.repeat(90), c: [1] }).columns).toEqual([
      { name: 'a', sample: 'Hi' },
      { name: 'b', sample: `${'x'.repeat(80)}…` },
      { name: 'c', sample: '[1]' },
    ]);
  });

  it('are looked at in the first records alone, and as many as can be shown', () => {
    const wide = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`c${i}`, 'a']));
    expect(found(wide).columns).toHaveLength(30);
    const long = Array.from({ length: 60 }, (_, i) => (i < 55 ? { a: 'x' } : { late: 'x' }));
    expect(found(...long).columns).toEqual([{ name: 'a', sample: 'x' }]);
  });
});

describe('a guess of what columns mean', () => {
  it.each([
    [
      { id: '7', 'Customer question': 'Who?', 'Our reply': 'Me.', lang: 'en' },
      { columns: { prompt: 'Customer question', response: 'Our reply' } },
    ],
    [
      { instruction: 'Who?', context: 'A crowd.', response: 'Me.' },
      { columns: { prompt: 'instruction', query: 'context', response: 'response' } },
    ],
    [{ 客户提问: '谁？', 客服回答: '我。' }, { columns: { prompt: '客户提问', response: '客服回答' } }],
    [{ left: 'Who?', right: 'It is only me.' }, { columns: { prompt: 'left', response: 'right' } }],
    [{ title: 'A', body: 'Once upon a time.' }, { columns: { text: 'body' } }],
    [
      { ask: 'Who?', chosen_answer: 'Me.', rejected_answer: 'A cat.' },
      { columns: { prompt: 'ask', chosen: 'chosen_answer', rejected: 'rejected_answer' } },
    ],
    [
      {
        talk: [
          { speaker: 'a', words: 'Hello' },
          { speaker: 'b', words: 'Ho' },
        ],
      },
      { columns: { messages: 'talk' }, tags: { role_tag: 'speaker', content_tag: 'words' } },
    ],
    [{ talk: [{ role: 'user', content: 'Hello' }] }, { columns: { messages: 'talk' } }],
    [{ id: '7', price: '1.5' }, undefined],
    [{ n: 7 }, undefined],
  ])('of %j is %j', (record, mapping) => {
    expect(guessMapping(found(record).values)).toEqual(mapping);
  });
});
