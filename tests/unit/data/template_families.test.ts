import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TunesmithError } from '../../../src/core/errors';
import type { Message } from '../../../src/data/records';
import { readableContent } from '../../../src/data/message_content';
import { answerSpans } from '../../../src/data/spans';
import { chatTemplateSource, jinjaTemplate, type TemplateSource } from '../../../src/data/template';
import {
  conversations,
  families,
  folder,
  made,
  messagesOf,
  outcome,
  type Conversation,
} from '../../templates/expected';

/** Refused: the template wants a call in this place, and the generation prompt has other text before it. */
const UNKNOWN = ['mistral: calls'];

describe.each(Object.keys(families))('a template of the kind of %s', (name) => {
  const source = readFileSync(new URL(`sources/${name}.jinja`, folder), 'utf8');
  it.each(Object.entries(conversations))('renders "%s" as transformers does', (title, conversation) => {
    const { text, generated, error } = families[name]?.[title] ?? {};
    const expected = generated ? { text, generated } : { text };
    expect(outcome(source, conversation)).toEqual(error === undefined ? expected : { error: 'refused' });
  });

  it.each(Object.entries(conversations))('has the answers of "%s" where they are', (title, conversation) => {
    const { answers } = families[name]?.[title] ?? {};
    if (answers === undefined) return;
    const known = answers !== null && !UNKNOWN.includes(`${name}: ${title}`);
    expect(answersOf(source, conversation)).toEqual(known ? answers : undefined);
  });

  it.each(Object.entries(conversations))(
    'keeps the words of an answer within its span, and all else out of it, in "%s"',
    (title, conversation) => {
      const found = parted(source, conversation);
      if (!found) return;
      for (const [index, message] of conversation.messages.entries()) {
        if (message.role !== 'assistant' || typeof message.content !== 'string' || message.tool_calls)
          continue;
        const content = `${message.content}\n{"an": "other"} <b> ${title}`;
        const changed = { ...message, content };
        const other = parted(source, {
          ...conversation,
          messages: conversation.messages.with(index, changed),
        });
        expect(other?.around).toEqual(found.around);
      }
    },
  );
});

/** The texts of the answers; undefined if they can't be told, or the template refuses. */
function answersOf(source: TemplateSource, conversation: Conversation): readonly string[] | undefined {
  return parted(source, conversation)?.answers;
}

/** The answers, and what stands between them. */
function parted(
  source: TemplateSource,
  { messages: given, tools, kwargs, add_generation_prompt }: Conversation,
) {
  const template = made(source);
  const inputs = { tools, variables: kwargs };
  const messages = messagesOf({ messages: given });
  if (add_generation_prompt === true) return undefined;
  try {
    const text = template.render(messages, false, inputs);
    const spans = answerSpans(messages, template, text, inputs, ['</s>', '<|end|>']);
    const around = [...spans, { start: text.length, end: text.length }].map(({ start }, nth) =>
      text.slice(spans[nth - 1]?.end ?? 0, start),
    );
    return { answers: spans.map(({ start, end }) => text.slice(start, end)), around };
  } catch (error) {
    expect(error).toBeInstanceOf(TunesmithError);
    return undefined;
  }
}

describe('content', () => {
  const parts = (...texts: string[]) => texts.map((text) => ({ type: 'text', text }));
  const asked = (content: unknown, answer: unknown): Message[] =>
    messagesOf({
      messages: [
        { role: 'user', content },
        { role: 'assistant', content: answer },
      ],
    });
  const read = (source: string, messages: readonly Message[]): string =>
    readableContent(messages, made(source), {}).text;
  const LOOP = '{% for m in messages %}<{{ m.role }}>';

  it('of parts is joined unless the template reads parts', () => {
    const messages = asked(parts('Who are ', 'you?'), parts('A pirate.'));
    const joined = '<user>Who are you?<assistant>A pirate.';
    expect(read(`${LOOP}{{ m.content }}{% endfor %}`, messages)).toBe(joined);
    expect(read(`${LOOP}{{ m.content + '' }}{% endfor %}`, messages)).toBe(joined);
    expect(read(`${LOOP}{{ m.content if m.content is string }}{% endfor %}`, messages)).toBe(joined);
    const trimming = '{% for part in m.content %}{{ part.text | trim }}|{% endfor %}';
    const both = `${LOOP}{% if m.content is string %}{{ m.content }}|{% else %}${trimming}{% endif %}{% endfor %}`;
    expect(read(both, asked(parts('Who?'), parts('A pirate. ')))).toBe('<user>Who?|<assistant>A pirate.|');
  });

  it('of texts becomes parts for a template that reads nothing else', () => {
    const source = `${LOOP}{% for part in m.content %}{{ part.text }}{% endfor %}{% endfor %}`;
    for (const messages of [asked('Who?', 'A pirate.'), asked(parts('Who?'), 'A pirate.')]) {
      expect(read(source, messages)).toBe('<user>Who?<assistant>A pirate.');
    }
  });

  it('that the template leaves out is refused', () => {
    expect(() => read(`${LOOP}{% endfor %}`, asked('Who?', 'Me.'))).toThrow(
      /leaves out the text of message 1/,
    );
    const answers = `${LOOP}{{ m.content if m.role == 'user' }}{% endfor %}`;
    expect(() => read(answers, asked('Who?', 'Me.'))).toThrow(/leaves out the text of message 2/);
    expect(read(`${LOOP}{{ m.content | upper }}{% endfor %}`, asked('Who?', 'Me.'))).toBe(
      '<user>WHO?<assistant>ME.',
    );
  });

  it('that is null is not there, as in transformers', () => {
    const fields = { role: 'assistant', content: null, name: null } as const;
    const template = made('{{ messages[0] | tojson }}');
    expect(template.render([{ role: 'assistant', content: '', fields }])).toBe('{"role": "assistant"}');
  });
});

describe('several templates', () => {
  it('are chosen between by whether there are tools', () => {
    const source = chatTemplateSource({
      chat_template: [
        { name: 'default', template: 'plain' },
        { name: 'tool_use', template: 'with {{ tools | length }}' },
      ],
    });
    const template = jinjaTemplate(source ?? '', { specialTokens: {} });
    expect(template.render([])).toBe('plain');
    expect(template.render([], false, { tools: [{}, {}] })).toBe('with 2');
  });
});
