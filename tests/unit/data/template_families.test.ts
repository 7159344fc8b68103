import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TunesmithError } from '../../../src/core/errors';
import type { Message } from '../../../src/data/records';
import { readableContent } from '../../../src/data/message_content';
import { readRecords } from './read_records';
import { answerSpans } from '../../../src/data/spans';
import {
  chatTemplateSource,
  jinjaTemplate,
  type ChatTemplate,
  type TemplateSource,
} from '../../../src/data/template';
import { realFile } from '../real_files';

interface Conversation {
  readonly messages: readonly (Readonly<Record<string, unknown>> & { role: Message['role'] })[];
  readonly tools?: readonly unknown[];
  readonly add_generation_prompt?: boolean;
  readonly kwargs?: Readonly<Record<string, unknown>>;
}

interface Outcome {
  readonly text?: string;
  readonly generated?: readonly string[];
  readonly error?: string;
}

interface Expected extends Outcome {
  /** The answers, by marks put into a copy of the template by hand; null if transformers refuses the conversation. */
  readonly answers?: readonly string[] | null;
}

const folder = new URL('../../templates/', import.meta.url);
const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, folder), 'utf8'));

/** What tests/templates/make_fixtures.py had from transformers. */
const { conversations, tokens, now, families } = fixture('families') as {
  conversations: Readonly<Record<string, Conversation>>;
  tokens: Readonly<Record<string, string>>;
  now: number[];
  families: Readonly<Record<string, Readonly<Record<string, Expected>>>>;
};
const [year = 0, month = 0, ...rest] = now;

const made = (source: TemplateSource): ChatTemplate =>
  jinjaTemplate(source, { specialTokens: tokens, now: new Date(year, month - 1, ...rest) });

function messagesOf(conversation: Conversation): Message[] {
  return conversation.messages.map((fields) => ({
    role: fields.role,
    content: textOf(fields.content),
    fields,
  }));
}

function textOf(content: unknown): string {
  if (!Array.isArray(content)) return typeof content === 'string' ? content : '';
  return (content as { text: string }[]).map(({ text }) => text).join('');
}

function outcome(source: TemplateSource, conversation: Conversation): Outcome {
  const template = made(source);
  const { tools, kwargs: variables } = conversation;
  const inputs = { tools, variables };
  const messages = messagesOf(conversation);
  try {
    const text = template.render(messages, conversation.add_generation_prompt, inputs);
    const generated = template.generated?.(messages, inputs);
    return generated
      ? { text, generated: generated.map(({ start, end }) => text.slice(start, end)) }
      : { text };
  } catch (error) {
    expect(error).toMatchObject({ code: 'chat_template' });
    return { error: 'refused' };
  }
}

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

const config = (path: string): unknown => JSON.parse(readFileSync(realFile(path), 'utf8')) as unknown;

if (existsSync(realFile('tokenizers'))) {
  const published = fixture('published') as Readonly<Record<string, Readonly<Record<string, string>>>>;

  describe.each(Object.keys(published))('the published template %s', (path) => {
    it.each(Object.entries(conversations))('renders "%s" as transformers does', (title, conversation) => {
      const text = readFileSync(realFile(`tokenizers/${path}`), 'utf8');
      const source = path.endsWith('.jinja') ? text : chatTemplateSource(config(`tokenizers/${path}`));
      const { text: rendered, generated = [], error } = outcome(source ?? '', conversation);
      const sum = createHash('sha256').update([rendered, ...generated].join('\0'));
      expect(error === undefined ? sum.digest('hex').slice(0, 16) : 'error').toBe(published[path]?.[title]);
    });
  });

  describe('published cases of Qwen3', () => {
    const cases = config('chat_templates/qwen3_cases.json') as (Conversation & { expected: string })[];
    it.each(cases.map((one, index) => [index, one] as const))('case %i is rendered exactly', (_, one) => {
      const source = chatTemplateSource(config('tokenizers/qwen3/tokenizer_config.json'));
      expect(outcome(source ?? '', one).text).toBe(one.expected);
    });
  });

  it('records with tools and calls of them are rendered by the templates that know them', async () => {
    const path = 'datasets/llama_factory/glaive_toolcall_en_demo.json';
    const { records, problems } = await readRecords(path, readFileSync(realFile(path)));
    expect(records).toHaveLength(300);
    expect(problems).toEqual([]);
    for (const name of ['qwen3', 'qwen2.5']) {
      const source = chatTemplateSource(config(`tokenizers/${name}/tokenizer_config.json`));
      const template = jinjaTemplate(source ?? '', { specialTokens: {} });
      const calls = records.map(({ sample }) => {
        if (sample.kind !== 'chat') return false;
        const { messages, tools } = sample;
        const text = template.render(messages, false, { tools });
        return text.includes('\n<tool_call>\n{"name": "') && text.includes('\n<tool_response>\n');
      });
      expect(calls.filter(Boolean).length).toBeGreaterThan(100);
    }
  });
}
