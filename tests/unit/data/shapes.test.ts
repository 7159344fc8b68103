import { describe, expect, it } from 'vitest';
import { inEnglish } from '../../../src/core/messages/english';
import type { Mapping } from '../../../src/data/shapes';
import { readRecords } from './read_records';

const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });
const system = (content: string) => ({ role: 'system', content });

async function read(record: unknown, mapping?: Mapping) {
  const { records, judged, problems } = await readRecords('a.json', JSON.stringify([record]), mapping);
  return { sample: records[0]?.sample ?? judged[0], reason: problems[0] && inEnglish(problems[0].reason) };
}

describe('a question and its answer', () => {
  const messages = [user('Who?'), assistant('Me.')];

  it.each([
    { prompt: 'Who?', completion: 'Me.', id: 3 },
    { question: 'Who?', answer: 'Me.' },
    { Question: 'Who?', Answer: 'Me.' },
    { query: 'Who?', response: 'Me.', history: [] },
    { q: 'Who?', a: 'Me.' },
    { input: 'Who?', output: 'Me.' },
    { instruction: 'Who?', response: 'Me.' },
    { 问题: 'Who?', 答案: 'Me.' },
    { prompt: [user('Who?')], completion: [assistant('Me.')] },
    { prompt: [user('Who?')], completion: 'Me.' },
  ])('is known by the columns of %j', async (record) => {
    expect((await read(record)).sample).toEqual({ kind: 'chat', messages });
  });

  it('may have a system message and earlier turns, of which none is learnt in a prompt', async () => {
    const sample = { kind: 'chat', messages: [system('Sing.'), user('Hi'), assistant('Ho'), ...messages] };
    const row = { prompt: 'Who?', response: 'Me.', system: 'Sing.' };
    expect((await read({ ...row, history: [['Hi', 'Ho']] })).sample).toEqual(sample);
    const prompt = [user('Hi'), assistant('Ho'), user('Who?')];
    const { sample: listed } = await read({ prompt, completion: [assistant('Me.')], system: 'Sing.' });
    expect(listed).toEqual({
      ...sample,
      messages: sample.messages.map((each, at) => (at === 2 ? { ...each, trained: false } : each)),
    });
  });

  it.each([
    { question: 'Who?', context: 'A crowd.', answer: 'Me.' },
    { instruction: 'Who?', context: 'A crowd.', response: 'Me.' },
    { question: 'Who?', query: 'What?', answer: 'Me.' },
    { question: 'Who?', answer: 'Me.', response: 'You.' },
    { question: 'Who?', reasoning: 'Hm.', answer: 'Me.' },
  ])('is not guessed from %j', async (record) => {
    expect((await read(record)).reason).toMatch(/^Its columns are not recognised/);
  });

  it('lacks one of them only with a reason', async () => {
    expect((await read({ question: 'Who?', answer: null })).reason).toBe('“answer” is missing.');
    expect((await read({ question: 'Who?', answer: 3 })).reason).toBe('“answer” must be a text.');
    expect((await read({ prompt: [user('Who?')], completion: null })).reason).toBe(
      '“completion” is missing.',
    );
  });
});

describe('two answers to one prompt', () => {
  const prompt = [user('Who?')];
  const sample = { kind: 'preference', prompt, chosen: [assistant('Me.')], rejected: [assistant('A cat.')] };

  it.each([
    { prompt: 'Who?', chosen: 'Me.', rejected: 'A cat.' },
    { instruction: 'Who?', input: '', chosen: 'Me.', rejected: 'A cat.' },
    { question: 'Who?', chosen: 'Me.', rejected: 'A cat.' },
    { prompt, chosen: [assistant('Me.')], rejected: [assistant('A cat.')] },
    { chosen: [...prompt, assistant('Me.')], rejected: [...prompt, assistant('A cat.')] },
    { prompt: 'Who?', chosen: [...prompt, assistant('Me.')], rejected: [...prompt, assistant('A cat.')] },
    { messages: [...prompt, assistant('Me.')], rejected_response: 'A cat.' },
    { messages: [...prompt, assistant('Me.')], rejected_messages: [...prompt, assistant('A cat.')] },
    {
      conversations: [{ from: 'human', value: 'Who?' }],
      chosen: { from: 'gpt', value: 'Me.' },
      rejected: { from: 'gpt', value: 'A cat.' },
    },
  ])('are kept as such from %j', async (record) => {
    expect((await read(record)).sample).toEqual(sample);
  });

  it('keep the system message and the tools of their prompt', async () => {
    const tools = [{ type: 'function', function: { name: 'f' } }];
    const row = { prompt: 'Who?', chosen: 'Me.', rejected: 'A cat.', system: 'Sing.', tools };
    expect((await read(row)).sample).toEqual({ ...sample, prompt: [system('Sing.'), ...prompt], tools });
  });

  it.each([
    [{ prompt: 'Who?', chosen: 'Me.' }, '“rejected” is missing.'],
    [
      { prompt: 'Who?', chosen: 'Me.', rejected: 'Me.' },
      'Its two answers are the same, so none is preferred.',
    ],
    [{ chosen: 'Me.', rejected: 'A cat.' }, 'no prompt stands before its two answers.'],
    [{ prompt: 'Who?', chosen: ' ', rejected: 'A cat.' }, 'Message 1: the answer is empty.'],
    [{ prompt: 'Who?', chosen: 3, rejected: 'A cat.' }, /^Message 1: each message must be an object/],
  ])('are refused with a reason: %j', async (record, reason) => {
    expect((await read(record)).reason).toMatch(reason);
  });
});

describe('a judged answer', () => {
  const messages = [user('Who?'), assistant('Me.')];
  it.each([
    [{ messages, label: true }, true],
    [{ messages, label: false }, false],
    [{ prompt: 'Who?', completion: 'Me.', label: true }, true],
    [{ instruction: 'Who?', output: 'Me.', kto_tag: 'False' }, false],
    [{ question: 'Who?', answer: 'Me.', label: 0 }, false],
    [{ messages, label: '1' }, true],
  ])('is kept with its verdict: %j', async (record, desirable) => {
    expect((await read(record)).sample).toEqual({ kind: 'feedback', messages, desirable });
  });

  it('is the last message', async () => {
    expect((await read({ messages: [user('Who?')], label: true })).reason).toMatch(
      /must be the answer that is judged/,
    );
  });
});

describe('columns that are named', () => {
  const row = { Frage: 'Who?', Zusatz: 'Say it.', Antwort: 'Me.', instruction: 'X', output: 'Y', n: 1 };

  it('are read, and no others', async () => {
    const columns = { prompt: 'Frage', response: 'Antwort' };
    expect((await read({ ...row, system: 'S', images: ['a.png'] }, { columns })).sample).toEqual({
      kind: 'chat',
      messages: [user('Who?'), assistant('Me.')],
    });
    const all = { ...columns, query: 'Zusatz', system: 'Rolle', history: 'Davor', tools: 'Mittel' };
    const more = { Rolle: 'Sing.', Davor: '[["Hi", "Ho"]]', Mittel: [{ name: 'f' }] };
    expect((await read({ ...row, ...more }, { columns: all })).sample).toMatchObject({
      messages: [system('Sing.'), user('Hi'), assistant('Ho'), user('Who?\nSay it.'), assistant('Me.')],
      tools: [{ type: 'function', function: { name: 'f' } }],
    });
    expect((await read(row, { columns: { text: 'Antwort' } })).sample).toEqual({ kind: 'text', text: 'Me.' });
  });

  it('may hold messages whose fields and speakers have names of their own', async () => {
    const turns = [
      { who: 'bot', says: 'You are a bird.' },
      { who: 'kid', says: 'Sing.' },
      { who: 'call', says: '{"name": "f", "arguments": {}}' },
      { who: 'result', says: '7' },
      { who: 'bird', says: 'La.' },
    ];
    const tags = {
      role_tag: 'who',
      content_tag: 'says',
      user_tag: 'kid',
      assistant_tag: 'bird',
      function_tag: 'call',
      observation_tag: 'result',
      system_tag: 'bot',
    };
    const columns = { messages: 'talk', tools: 'functions' };
    const record = { talk: turns, functions: '[{"name": "f"}]', system: 'Not read.' };
    expect((await read(record, { columns, tags })).sample).toMatchObject({
      messages: [
        system('You are a bird.'),
        user('Sing.'),
        { role: 'assistant', fields: { tool_calls: [{ function: { name: 'f' } }] } },
        { role: 'tool', content: '7' },
        assistant('La.'),
      ],
      tools: [{ type: 'function', function: { name: 'f' } }],
    });
    const { reason } = await read({ talk: [{ who: 'cat', says: 'Miau.' }] }, { columns, tags });
    expect(reason).toMatch(/^Message 1: “who” is "cat"; it must be one of/);
    expect((await read({ talk: [{ says: 'Miau.' }] }, { columns, tags })).reason).toBe(
      'Message 1: “who” is missing.',
    );
  });

  it('may hold comparisons and verdicts', async () => {
    const columns = { prompt: 'Frage', chosen: 'Antwort', rejected: 'output' };
    expect((await read(row, { columns })).sample).toEqual({
      kind: 'preference',
      prompt: [user('Who?')],
      chosen: [assistant('Me.')],
      rejected: [assistant('Y')],
    });
    const judged = { prompt: 'Frage', response: 'Antwort', kto_tag: 'n' };
    expect((await read(row, { columns: judged })).sample).toMatchObject({
      kind: 'feedback',
      desirable: true,
    });
    expect((await read({ ...row, n: 2 }, { columns: judged })).reason).toBe('“n” must be true or false.');
  });

  it('are told by their names if a record lacks them', async () => {
    const columns = { prompt: 'Frage', response: 'Reply' };
    expect((await read(row, { columns })).reason).toBe('“Reply” is missing.');
    expect((await read(row, { columns: { messages: 'talk' } })).reason).toBe('“talk” is missing.');
    expect((await read(row, { columns: { prompt: 'Frage' } })).reason).toBe('“columns.response” is missing.');
    expect((await read(row, { columns: { text: 'n' } })).reason).toBe('“n” must be a text.');
  });
});
