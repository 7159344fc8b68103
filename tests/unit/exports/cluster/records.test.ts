import { describe, expect, it } from 'vitest';
import { memoryFile } from '../../../../src/core/file_reader';
import { isLearnt } from '../../../../src/data/messages';
import { recordsOf, type Sample } from '../../../../src/data/records';
import {
  factoryLoss,
  factoryRecord,
  isPlain,
  jsonLine,
  meaningOf,
  meaningOfFactory,
  recordOf,
} from '../../../../src/exports/cluster/records';

type Chat = Sample & { kind: 'chat' };

async function sampleOf(record: object | string): Promise<Sample> {
  const text = typeof record === 'string' ? record : JSON.stringify(record);
  for await (const read of recordsOf(memoryFile('a.jsonl', new TextEncoder().encode(text)))) {
    if ('sample' in read && isLearnt(read.sample)) return read.sample;
    throw new Error(JSON.stringify(read));
  }
  throw new Error('no record');
}

const chat = async (...messages: object[]): Promise<Chat> => (await sampleOf({ messages })) as Chat;
const user = { role: 'user', content: 'Where?' };
const answer = { role: 'assistant', content: 'Here.' };
const call = {
  role: 'assistant',
  content: '',
  tool_calls: [{ type: 'function', function: { name: 'find', arguments: { what: 'fish', deep: 1.0 } } }],
};
const result = { role: 'tool', content: 'sea' };

describe('a record of an export', () => {
  it.each<[string, object | string]>([
    ['a text', { text: 'Line one.\nLine two, "quoted".' }],
    ['messages', { messages: [{ role: 'system', content: 'Be short.' }, user, answer] }],
    ['an answer that is not learnt', { messages: [user, { ...answer, weight: 0 }, user, answer] }],
    [
      'a turn that is not learnt',
      '{"conversations":[{"from":"human","value":"a"},{"from":"gpt","value":"b","train":false},{"from":"human","value":"c"},{"from":"gpt","value":"d"}]}',
    ],
    [
      'calls and tools',
      { messages: [user, call, result, answer], tools: [{ type: 'function', function: { name: 'find' } }] },
    ],
    [
      'calls as text',
      {
        messages: [
          user,
          { ...call, tool_calls: [{ function: { name: 'f', arguments: '{"a": 1.0}' } }] },
          result,
          answer,
        ],
      },
    ],
    [
      'thoughts and variables',
      {
        messages: [user, { ...answer, reasoning_content: 'Hm.' }],
        chat_template_kwargs: { enable_thinking: true },
      },
    ],
    ['a weight of a row', { messages: [user, answer], weight: 2 }],
    ['a weight of a text', { text: 'Line.', weight: 0.5 }],
    ['a weight of an answer', { messages: [user, { ...answer, loss_scale: 0.5 }] }],
    ['the beginning of an answer', { messages: [user, { ...answer, prefix: true }] }],
    [
      'a float and a long integer',
      '{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b","n":1.0,"m":12345678901234567890}]}',
    ],
  ])('says the same as %s', async (_, record) => {
    const sample = await sampleOf(record);
    const line = jsonLine(recordOf(sample));
    expect(line).not.toContain('\n');
    const again = await sampleOf(line);
    expect(jsonLine(recordOf(again))).toBe(line);
    const bare = (each: Sample): unknown =>
      each.kind === 'text'
        ? each
        : {
            ...each,
            messages: each.messages.map(({ role, content, trained, weight, prefix }) => ({
              role,
              content,
              trained,
              weight,
              prefix,
            })),
          };
    expect(bare(again)).toEqual(bare(sample));
  });
});

describe('LLaMA-Factory', () => {
  it('reads plain conversations as they are', async () => {
    const plain = await chat({ role: 'system', content: 's' }, user, answer, user, answer);
    expect(isPlain(plain)).toBe(true);
    expect(factoryLoss(plain)).toBeUndefined();
    expect(isPlain(await chat(user, call, result, answer))).toBe(false);
  });

  it.each<[string, object[]]>([
    ['order', [user, user, answer]],
    ['order', [user, answer, user]],
    ['order', [user, answer, answer]],
    ['weights', [user, { ...answer, weight: 0 }, user, answer]],
    ['thoughts', [user, { ...answer, reasoning_content: 'Hm.' }]],
    ['words', [user, { ...call, content: 'Let me see.' }, result, answer]],
  ])('loses %s', async (loss, messages) => {
    expect(factoryLoss(await chat(...messages))).toBe(loss);
  });

  it('gets a record that means the same to a reader of its form', async () => {
    const sample = await chat(user, call, result, { ...result, content: 'lake' }, answer);
    const withTools = { ...sample, tools: [{ type: 'function', function: { name: 'find' } }] };
    const record = factoryRecord(withTools);
    expect(meaningOfFactory(record)).toEqual(meaningOf(withTools));
    expect(meaningOf(withTools)).toMatchObject({ turns: [user, {}, result, { content: 'lake' }, answer] });
    expect(meaningOfFactory({ ...record, tools: '{' })).toBeUndefined();
    expect(meaningOfFactory({ ...record, messages: [{ role: 'cat', content: 'x' }] })).toBeUndefined();
  });

  it('gets calls as JSON, and neighbouring results as one message', async () => {
    const record = factoryRecord(await chat(user, call, result, { ...result, content: 'lake' }, answer));
    expect(record).toMatchObject({
      messages: [
        user,
        { role: 'function_call' },
        { role: 'tool', content: 'sea\n</tool_response>\n<tool_response>\nlake' },
        answer,
      ],
      tools: '',
    });
    const [, { content }] = record.messages as unknown as readonly [unknown, { content: string }];
    expect(JSON.parse(content)).toEqual([{ name: 'find', arguments: { what: 'fish', deep: 1 } }]);
  });
});
