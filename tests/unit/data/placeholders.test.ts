import { describe, expect, it } from 'vitest';
import { Float } from '../../../src/core/lossless_json';
import type { Sample } from '../../../src/data/messages';
import { filled, placeholdersIn } from '../../../src/data/placeholders';

const text = (words: string): Sample => ({ kind: 'text', text: words });

describe('placeholders', () => {
  it('are words in two braces', () => {
    expect([...placeholdersIn(text('I am {{name}} of {{ 作者 }}, {{name}}.'))]).toEqual(['name', '作者']);
    expect([...placeholdersIn(text('{name} {{}} {{a b}} {% if name %} {{user.name}}'))]).toEqual([]);
  });

  it('are filled in a text, and stay without a filling', () => {
    const fillings = { name: '$& {{author}}' };
    expect(filled(text('{{name}}, {{ name }}, {{author}}'), fillings)).toEqual(
      text('$& {{author}}, $& {{author}}, {{author}}'),
    );
    expect(filled(text('{{constructor}}'), fillings)).toEqual(text('{{constructor}}'));
  });

  it('are filled in every text of a message, and nothing else is touched', () => {
    const number = new Float(1.5);
    const sample: Sample = {
      kind: 'chat',
      messages: [
        {
          role: 'user',
          content: 'Hi {{name}}',
          alpaca: { instruction: 'Hi {{name}}', input: '{{name}}?' },
        },
        {
          role: 'assistant',
          content: 'I am {{name}}',
          trained: false,
          fields: {
            content: [{ type: 'text', text: 'I am {{name}}' }],
            calls: new Map<string, unknown>([['{{name}}', ['{{name}}', number, null, 3]]]),
          },
        },
      ],
      variables: { mood: '{{name}}' },
    };
    expect([...placeholdersIn(sample)]).toEqual(['name']);
    expect(filled(sample, { name: 'Ada' })).toEqual({
      kind: 'chat',
      messages: [
        { role: 'user', content: 'Hi Ada', alpaca: { instruction: 'Hi Ada', input: 'Ada?' } },
        {
          role: 'assistant',
          content: 'I am Ada',
          trained: false,
          fields: {
            content: [{ type: 'text', text: 'I am Ada' }],
            calls: new Map<string, unknown>([['{{name}}', ['Ada', number, null, 3]]]),
          },
        },
      ],
      variables: { mood: '{{name}}' },
    });
    expect(filled(sample, {})).toBe(sample);
  });

  it('leave arguments that are given as JSON text JSON, whatever they are filled with', () => {
    const given = '{"who": "{{name}}", "say": "\\"Hi\\" {{other}}"}';
    const call = { function: { name: 'find', arguments: given } };
    const asGiven = {
      tool_calls: [call, new Map([['arguments', given]])],
      function_call: { arguments: 'call {{name}}' },
    };
    const message = { role: 'assistant', content: '{{name}}', fields: {}, asGiven } as const;
    const name = 'Ada "the \\ first"\n';
    const sample = filled({ kind: 'chat', messages: [message] }, { name });
    const [{ content, asGiven: told } = message] = sample.kind === 'chat' ? sample.messages : [];
    expect(content).toBe(name);
    const calls = told?.['tool_calls'] as [typeof call, Map<string, string>];
    for (const json of [calls[0].function.arguments, calls[1].get('arguments') ?? '']) {
      expect(JSON.parse(json)).toEqual({ who: name, say: '"Hi" {{other}}' });
    }
    expect(told?.['function_call']).toEqual({ arguments: `call ${name}` });
  });

  it.each<[string, object]>([
    [
      'the arguments of a call',
      { tool_calls: [{ function: { name: 'find', arguments: { who: '{{name}}' } } }] },
    ],
    ['a thought', { reasoning_content: 'They call me {{name}}.' }],
  ])('are found if they stand in %s alone', (_, fields) => {
    const message = { role: 'assistant', content: 'Yes.', fields: { role: 'assistant', ...fields } } as const;
    const sample: Sample = { kind: 'chat', messages: [message] };
    expect([...placeholdersIn(sample)]).toEqual(['name']);
    expect(JSON.stringify(filled(sample, { name: 'Ada' }))).toBe(
      JSON.stringify(sample).replaceAll('{{name}}', 'Ada'),
    );
  });
});
