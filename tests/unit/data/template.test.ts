import { describe, expect, it } from 'vitest';
import type { TunesmithError } from '../../../src/core/errors';
import { CATALOGUES } from '../../../src/core/messages/languages';
import { errorWords } from '../../../src/core/messages/message';
import type { Message } from '../../../src/data/records';
import { alpacaJinja, alpacaTemplate, chatTemplateSource, jinjaTemplate } from '../../../src/data/template';
import { dataFixtures, toyTokenizer } from './fixtures';

const { specialTokens } = toyTokenizer();
const question: Message[] = [{ role: 'user', content: 'Hi' }];

describe('a chat template', () => {
  const cases = Object.entries(dataFixtures.templates).flatMap(([name, { source, cases }]) =>
    cases.map((expected, index) => ({ name, index, source, expected })),
  );
  it.each(cases)('$name renders conversation $index as transformers does', ({ source, expected }) => {
    const template = jinjaTemplate(source, { specialTokens });
    const { messages, text, prompt, error } = expected;
    if (error !== undefined) {
      expect(() => template.render(messages)).toThrow(error);
      return;
    }
    expect(template.render(messages)).toBe(text);
    expect(template.render(messages.slice(0, -1), true)).toBe(prompt);
  });

  it('sees what transformers lets it see', () => {
    const source =
      '{{ tools is none }} {{ documents is none }} {{ bos_token }} {{ unk_token is defined }} {{ eos_token }} ' +
      '{{ mood }} {{ range(3) | join }}{{ range(1, 7, 2) | join }} {{ messages[0] | tojson }}';
    const alpaca = [{ ...question[0], alpaca: { instruction: 'a', input: 'b' } } as Message];
    expect(jinjaTemplate(source, { specialTokens, variables: { mood: 'calm' } }).render(alpaca)).toBe(
      'True True <bos> False </turn> calm 012135 {"role": "user", "content": "Hi"}',
    );
  });

  it('tells the time in English, and the same time whenever asked', () => {
    const source = "{{ strftime_now('%d %b %Y, %A %B %a %H:%M:%S %m %% %q') }}";
    const template = jinjaTemplate(source, { specialTokens, now: new Date(2026, 2, 5, 7, 8, 9) });
    expect(template.render(question)).toBe('05 Mar 2026, Thursday March Thu 07:08:09 03 % %q');
    const year = jinjaTemplate("{{ strftime_now('%Y') }}", { specialTokens });
    expect(year.render(question)).toBe(String(new Date().getFullYear()));
  });

  it('says what is wrong with it, or with the conversation', () => {
    expect(() => jinjaTemplate('{% if %}', { specialTokens })).toThrow(
      /is not a valid template: an expression was expected, not %} \(line 1\)\.$/,
    );
    const refusing = jinjaTemplate("{{ raise_exception('No such role.') }}", { specialTokens });
    expect(() => refusing.render(question)).toThrow(/refused a conversation: No such role\./);
    expect(() => jinjaTemplate('{{ none.more() }}', { specialTokens }).render(question)).toThrow(/refused/);
  });
});

describe('a fault of a template', () => {
  function inChinese(source: string): string {
    try {
      jinjaTemplate(source, { specialTokens }).render(question);
    } catch (error) {
      return errorWords(CATALOGUES.zh, error as TunesmithError).message;
    }
    return '';
  }

  it.each([
    ['a\n{% if %}', '模型的对话模板无效：此处应为 表达式，而不是 %}（第 2 行）。'],
    ['{{ items.more() }}', '模型的对话模板拒绝了一段对话：“items”没有定义。'],
    ["{{ 'x' | pprint }}", '模型的对话模板拒绝了一段对话：不支持过滤器 "pprint"。'],
    ["{{ raise_exception('No such role.') }}", '模型的对话模板拒绝了一段对话：No such role。'],
  ])('of %j is told in Chinese', (source, words) => {
    expect(inChinese(source)).toBe(words);
  });
});

describe('chatTemplateSource', () => {
  it('takes the file, a text, or the one of several named default', () => {
    expect(chatTemplateSource({ chat_template: 'a' }, 'b')).toBe('b');
    expect(chatTemplateSource({ chat_template: 'a' })).toBe('a');
    const named = ['tool_use', 'default'].map((name) => ({ name, template: `of ${name}` }));
    expect(chatTemplateSource({ chat_template: named })).toEqual({
      tool_use: 'of tool_use',
      default: 'of default',
    });
    expect(chatTemplateSource({ chat_template: named.slice(1) })).toBe('of default');
    for (const none of [{}, { chat_template: null }, { chat_template: [] }, null]) {
      expect(chatTemplateSource(none)).toBeUndefined();
    }
  });
});

describe('the Alpaca prompt', () => {
  const template = alpacaTemplate('</s>');

  it('has the standard text', () => {
    const messages: Message[] = [
      { role: 'user', content: 'Sing.' },
      { role: 'assistant', content: 'La la.' },
    ];
    const prompt =
      'Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n' +
      '### Instruction:\nSing.\n\n### Response:\n';
    expect(template.render(messages)).toBe(`${prompt}La la.</s>`);
    expect(template.render(messages.slice(0, 1), true)).toBe(prompt);
    expect(alpacaTemplate(undefined).render(messages)).toBe(`${prompt}La la.`);
  });

  it('has the standard text with an input', () => {
    const messages: Message[] = [
      { role: 'user', content: 'Sing.\nLoudly.', alpaca: { instruction: 'Sing.', input: 'Loudly.' } },
    ];
    expect(template.render(messages, true)).toBe(
      'Below is an instruction that describes a task, paired with an input that provides further context. ' +
        'Write a response that appropriately completes the request.\n\n' +
        '### Instruction:\nSing.\n\n### Input:\nLoudly.\n\n### Response:\n',
    );
  });

  it('begins with the system message and repeats its parts for further turns', () => {
    const messages: Message[] = [
      { role: 'system', content: 'You are a bird.' },
      { role: 'user', content: 'Sing.' },
      { role: 'assistant', content: 'La.' },
      { role: 'user', content: 'Again.' },
      { role: 'assistant', content: 'La la.' },
    ];
    expect(template.render(messages)).toBe(
      'You are a bird.\n\nBelow is an instruction that describes a task. ' +
        'Write a response that appropriately completes the request.\n\n' +
        '### Instruction:\nSing.\n\n### Response:\nLa.</s>\n\n### Instruction:\nAgain.\n\n### Response:\nLa la.</s>',
    );
  });
});

describe('the Alpaca prompt as a Jinja template', () => {
  const eos = "<|it's \\ the end|>";
  const template = (bos?: string) => jinjaTemplate(alpacaJinja(eos, bos), { specialTokens: {} });
  const turns = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Hi\nthere' },
    { role: 'assistant', content: 'Ho' },
    { role: 'user', content: 'And?' },
  ] as const;

  it.each([
    ['a question', turns.slice(1, 2)],
    ['a system message', turns.slice(0, 2)],
    ['several turns', turns],
    ['an answer at the end', turns.slice(0, 3)],
  ])('writes the same text: %s', (_, messages) => {
    for (const prompt of [false, true]) {
      expect(template().render(messages, prompt)).toBe(alpacaTemplate(eos).render(messages, prompt));
    }
  });

  it('begins with the token that the tokenizer would put there', () => {
    expect(template('<s>').render(turns, true)).toBe(`<s>${alpacaTemplate(eos).render(turns, true)}`);
  });
});
