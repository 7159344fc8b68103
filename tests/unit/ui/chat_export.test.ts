import { marked } from 'marked';
import { describe, expect, it } from 'vitest';
import { CATALOGUES } from '../../../src/core/messages/languages';
import type { Conversation } from '../../../src/ui/chat/conversation';
import { titleOf } from '../../../src/ui/chat/conversation';
import { markdownOf, rowsOf } from '../../../src/ui/chat/export';
import { readRecords } from '../data/read_records';

const conversation: Conversation = {
  id: 'one',
  startedAt: '2026-01-02T03:04:05.000Z',
  updatedAt: '2026-01-02T03:05:00.000Z',
  speaker: { key: 'k', model: 'tiny', adapter: 'pirate' },
  system: 'Be brief.',
  turns: [
    { question: 'Who?', base: { text: 'I.' }, tuned: { text: 'Arr, **I**.' } },
    {
      question: 'Why?',
      base: { text: 'Half', error: { code: 'device_lost', values: {}, detail: '' } },
      tuned: { text: 'For\n\nthe sea.' },
    },
    { question: 'And?', base: { text: '' } },
  ],
};

describe('an answer that is not whole', () => {
  const cut: Conversation = {
    ...conversation,
    turns: [
      {
        question: 'Who?',
        base: { text: 'I a', stoppedBy: 'person' },
        tuned: { text: 'Arr', stoppedBy: 'length' },
      },
      { question: 'Why?', base: { text: 'Because.', stoppedBy: 'stop_token' } },
    ],
  };

  it('is marked as one for a person, and no model is trained on it', () => {
    const text = markdownOf(cut, 'pirate', CATALOGUES.en.chat);
    expect(text).toContain('### Base (stopped)\n\n> I a');
    expect(text).toContain('### Tuned (cut at max_new_tokens)');
    expect(text).toContain('### Base\n\n> Because.');
    const rows = JSON.parse(rowsOf(cut, 'pirate')) as {
      messages: { content: string }[];
      answered_by: string;
    }[];
    expect(
      rows.map(({ answered_by, messages }) => [answered_by, messages.map(({ content }) => content)]),
    ).toEqual([['base', ['Be brief.', 'Why?', 'Because.']]]);
  });
});

describe('an exported conversation', () => {
  it('is Markdown for a person, in the words of the page', () => {
    const text = markdownOf(conversation, 'pirate', CATALOGUES.en.chat);
    expect(text).toBe(`# Chat

tiny · pirate · 2026-01-02T03:04:05.000Z

## System prompt

> Be brief.

## You

> Who?

### Base

> I.

### Tuned

> Arr, **I**.

## You

> Why?

### Tuned

> For
>
> the sea.

## You

> And?
`);
    const chinese = markdownOf({ ...conversation, system: ' ' }, 'pirate', CATALOGUES.zh.chat);
    expect(chinese).toContain('# 对话');
    expect(chinese).not.toContain(CATALOGUES.zh.chat.system);
  });

  it('keeps its parts whatever is said in it', () => {
    const wild = ['## Base', '```js', '<!--', '', '~~~', 'Title\r---\r\n- 1', '    code'].join('\n');
    const turn = { question: wild, base: { text: wild }, tuned: { text: `\`\`\`\`\n${wild}` } };
    const text = markdownOf(
      { ...conversation, system: wild, turns: [turn, turn] },
      'pirate',
      CATALOGUES.en.chat,
    );
    const blocks = marked.lexer(text).filter(({ type }) => type !== 'space');
    const answers = ['heading', 'blockquote'];
    expect(blocks.map(({ type }) => type)).toEqual([
      ...['heading', 'paragraph'],
      ...Array.from({ length: 7 }, () => answers).flat(),
    ]);
  });

  it('is rows that the examples step reads as conversations: each side with what it said itself', async () => {
    const { records, problems } = await readRecords('conversation.json', rowsOf(conversation, 'pirate'));
    expect(problems).toEqual([]);
    const system = { role: 'system', content: 'Be brief.' };
    expect(records.map(({ sample }) => sample)).toMatchObject([
      {
        kind: 'chat',
        messages: [system, { role: 'user', content: 'Who?' }, { role: 'assistant', content: 'I.' }],
      },
      {
        kind: 'chat',
        messages: [
          system,
          { role: 'user', content: 'Who?' },
          { role: 'assistant', content: 'Arr, **I**.' },
          { role: 'user', content: 'Why?' },
          { role: 'assistant', content: 'For\n\nthe sea.' },
        ],
      },
    ]);
    expect(JSON.parse(rowsOf(conversation, 'pirate'))).toMatchObject([
      { answered_by: 'base', model: 'tiny' },
      { answered_by: 'tuned', model: 'tiny', adapter: 'pirate' },
    ]);
  });

  it('has no row of a side that said nothing', () => {
    expect(rowsOf({ ...conversation, turns: [{ question: 'Who?' }] }, 'pirate')).toBe('[]\n');
  });
});

it('is called by the beginning of its first question', () => {
  const called = (question: string) => titleOf({ ...conversation, turns: [{ question }] });
  expect(called('  Who\nare   you? ')).toBe('Who are you?');
  expect(called('a'.repeat(81))).toBe(`${'a'.repeat(80)}…`);
  expect(titleOf({ ...conversation, turns: [] })).toBe('');
});
