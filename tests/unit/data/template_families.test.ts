import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TunesmithError } from '../../../src/core/errors';
import type { Message } from '../../../src/data/rows';
import { readRows } from './read_rows';
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
  /** What of the text the model is to write, as found by rendering prefixes; null where that can't be told. */
  readonly answers: readonly string[] | null;
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

describe.each(Object.keys(families))('a template of the kind of %s', (name) => {
  const source = readFileSync(new URL(`sources/${name}.jinja`, folder), 'utf8');
  it.each(Object.entries(conversations))('renders "%s" as transformers does', (title, conversation) => {
    const { text, generated, error } = families[name]?.[title] ?? {};
    const expected = generated ? { text, generated } : { text };
    expect(outcome(source, conversation)).toEqual(error === undefined ? expected : { error: 'refused' });
  });

  it.each(Object.entries(conversations))('has the answers of "%s" where they are', (title, conversation) => {
    const { answers = null } = families[name]?.[title] ?? {};
    const { tools, kwargs: variables } = conversation;
    const inputs = { tools, variables };
    const messages = messagesOf(conversation);
    const found = (): string[] => {
      const template = made(source);
      const text = template.render(messages, false, inputs);
      return answerSpans(messages, template, text, inputs).map(({ start, end }) => text.slice(start, end));
    };
    if (answers) expect(found()).toEqual(answers);
    else expect(found).toThrow(TunesmithError);
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

  it('rows with tools and calls of them are rendered by the templates that know them', () => {
    const path = 'datasets/llama_factory/glaive_toolcall_en_demo.json';
    const { rows, problems } = readRows({ name: path, text: readFileSync(realFile(path), 'utf8') });
    expect(rows).toHaveLength(300);
    expect(problems).toEqual([]);
    for (const name of ['qwen3', 'qwen2.5']) {
      const source = chatTemplateSource(config(`tokenizers/${name}/tokenizer_config.json`));
      const template = jinjaTemplate(source ?? '', { specialTokens: {} });
      const calls = rows.map(({ sample }) => {
        if (sample.kind !== 'chat') return false;
        const { messages, tools } = sample;
        const text = template.render(messages, false, { tools });
        return text.includes('\n<tool_call>\n{"name": "') && text.includes('\n<tool_response>\n');
      });
      expect(calls.filter(Boolean).length).toBeGreaterThan(100);
    }
  });
}
