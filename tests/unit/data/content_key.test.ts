import { expect, it } from 'vitest';
import { textHash } from '../../../src/core/text_hash';
import { contentKey } from '../../../src/data/content_key';
import type { Sample } from '../../../src/data/messages';

const chat = (question: string, answer: string): Sample => ({
  kind: 'chat',
  messages: [
    { role: 'user', content: question },
    { role: 'assistant', content: answer },
  ],
});

it('is equal for contents that differ in white space or in the form of their characters', () => {
  expect(contentKey(chat('Caf\u00e9?', 'Yes,  here.\n'))).toBe(
    contentKey(chat(' Cafe\u0301?', 'Yes, here.')),
  );
  expect(contentKey({ kind: 'text', text: 'a b' })).toBe(contentKey({ kind: 'text', text: ' a\u3000b' }));
});

it('differs with any text, role, call or tool', () => {
  const samples: Sample[] = [
    chat('a', 'b'),
    chat('b', 'a'),
    chat('ab', ''),
    chat('', 'ab'),
    { kind: 'text', text: 'a b' },
    { ...chat('a', 'b'), tools: [{ name: 'f' }] } as Sample,
    {
      kind: 'chat',
      messages: [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'b', fields: { tool_calls: [{ name: 'f' }] } },
      ],
    },
  ];
  expect(new Set(samples.map(contentKey)).size).toBe(samples.length);
});

it('spreads similar texts over its whole range', () => {
  const hashes = Array.from({ length: 20_000 }, (_, i) => textHash(`row ${i}`));
  expect(new Set(hashes).size).toBe(20_000);
  expect(hashes.every((hash) => Number.isSafeInteger(hash) && hash >= 0)).toBe(true);
  // Each of the 53 bits is set in about half of them: five standard deviations are 0.018.
  for (let bit = 0; bit < 53; bit++) {
    const share = hashes.filter((hash) => Math.floor(hash / 2 ** bit) % 2 === 1).length / hashes.length;
    expect(Math.abs(share - 0.5)).toBeLessThan(0.02);
  }
});
