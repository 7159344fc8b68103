import { streamOf, uniform } from '../../../../src/core/random';
import { sampleOf } from '../../../../src/data/shapes';
import { isLearnt, type Sample } from '../../../../src/data/messages';

/** Draws from a stream of random numbers. */
export class Draws {
  readonly #stream: number;
  #index = 0;

  constructor(name: string) {
    this.#stream = streamOf(name);
  }

  /** A whole number from 0 to before `bound`. */
  below(bound: number): number {
    return Math.floor(uniform(1, this.#stream, this.#index++) * bound);
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

const WORDS = [
  'a',
  'fish',
  'naïve',
  'nai\u0308ve',
  '鱼',
  '海里的鱼',
  'x = 1',
  'I',
  'é',
  '  ',
  '½',
  '🐟',
  '-',
];
const BLEMISHES = [
  '\r\n',
  '\r',
  '\n\n\n\n',
  ' \n',
  '\t',
  '\u00a0',
  '\u200b',
  '\ufeff',
  '\u0001',
  '\u0301',
  'Ã©',
  'â€™',
  'ä½\u00a0å¥½',
  'jo@firma.de',
  '13800138000',
  '8.8.4.4',
  '4111 1111 1111 1111',
  '\ufffd',
];

/** A text of words, with faults between them; without them, one that no step has anything to say to. */
export function drawnText(draws: Draws, faults: boolean): string {
  const parts = Array.from({ length: 1 + draws.below(12) }, () =>
    faults && draws.below(3) === 0 ? draws.of(BLEMISHES) : draws.of(WORDS),
  );
  return parts.join(draws.of(faults ? ['', ' ', '\n'] : [' ']));
}

/** A row in one of the forms that records have. */
export function drawnSample(draws: Draws, faults = true): Sample | undefined {
  const text = (): string => drawnText(draws, faults);
  const question = { role: 'user', content: text() };
  const call = {
    role: 'assistant',
    content: null,
    tool_calls: [
      { id: '13800138000', function: { name: 'ask', arguments: JSON.stringify({ q: text(), n: 4111 }) } },
    ],
  };
  const record = draws.of([
    () => ({ text: text() }),
    () => ({ instruction: text(), input: text(), output: text() }),
    () => ({ messages: [question, { role: 'assistant', content: text() }] }),
    () => ({ messages: [question, { role: 'assistant', content: text(), reasoning_content: text() }] }),
    () => ({
      messages: [
        {
          ...question,
          content: [
            { type: 'text', text: text() },
            { type: 'text', text: text() },
          ],
        },
      ],
    }),
    () => ({
      messages: [question, call, { role: 'tool', content: text() }, { role: 'assistant', content: text() }],
    }),
  ])();
  const sample = sampleOf(record);
  return 'kind' in sample && isLearnt(sample) ? sample : undefined;
}
