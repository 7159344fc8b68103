import type { Message } from '../../../src/core/messages/message';
import { inEnglish } from '../../../src/core/messages/english';
import { describe, expect, it } from 'vitest';
import { jsonOf } from '../../../src/data/jinja/json_of';
import { fromJson } from '../../../src/data/jinja/values';
import { readRecords } from './read_records';

const read = (text: string) => readRecords('rows.json', text);
const reasonOf = async (record: unknown): Promise<string> =>
  (await read(JSON.stringify([record]))).problems.map(({ reason }) => inEnglish(reason))[0] ?? 'no problem';
/** The sample of a file with a single record. */
const sampleOf = async (record: unknown): Promise<unknown> =>
  (await read(JSON.stringify([record]))).records[0]?.sample;
const alpaca = { instruction: 'Sing.', output: 'La la.' };

describe('records', () => {
  it.each([
    ['a JSON array', JSON.stringify([alpaca, { text: 'b' }])],
    [
      'an array with a byte order mark, over lines',
      `\ufeff\r\n${JSON.stringify([alpaca, { text: 'b' }], null, 2)}\n`,
    ],
    ['JSON Lines', `${JSON.stringify(alpaca)}\n{"text":"b"}`],
    [
      'JSON Lines with CRLF, blank lines and a byte order mark',
      `\ufeff${JSON.stringify(alpaca)}\r\n\r\n  \r\n{"text":"b"}\r\n`,
    ],
    ['an object with data', JSON.stringify({ data: [alpaca, { text: 'b' }] })],
    [
      'an object with data, over lines',
      JSON.stringify({ version: 1, data: [alpaca, { text: 'b' }] }, null, 1),
    ],
  ])('are read from %s', async (_, text) => {
    expect(await read(text)).toMatchObject({
      problems: [],
      records: [
        {
          file: 'rows.json',
          record: 1,
          sample: {
            kind: 'chat',
            messages: [
              { role: 'user', content: 'Sing.' },
              { role: 'assistant', content: 'La la.' },
            ],
          },
        },
        { file: 'rows.json', record: 2, sample: { kind: 'text', text: 'b' } },
      ],
    });
  });

  it('may be a single object, on one line or several', async () => {
    expect((await read('{"text":"a"}')).records).toHaveLength(1);
    expect((await read('{\n "text":\n "a"\n}\n')).records).toHaveLength(1);
  });

  it('keep line separators within a text', async () => {
    expect((await read('{"text":"a\u2028b"}\n{"text":"c"}')).records).toHaveLength(2);
  });

  it('of Alpaca may have an input, a system message and a history', async () => {
    const row = {
      ...alpaca,
      input: 'Loudly.',
      system: 'You are a bird.',
      history: [['Fly.', 'Whoosh.']],
    };
    expect(await sampleOf(row)).toEqual({
      kind: 'chat',
      messages: [
        { role: 'system', content: 'You are a bird.' },
        { role: 'user', content: 'Fly.' },
        { role: 'assistant', content: 'Whoosh.' },
        { role: 'user', content: 'Sing.\nLoudly.', alpaca: { instruction: 'Sing.', input: 'Loudly.' } },
        { role: 'assistant', content: 'La la.' },
      ],
    });
    const empty = { ...alpaca, input: '', system: null, history: [], id: 7 };
    expect(await sampleOf(empty)).toMatchObject({ messages: [{}, {}] });
  });

  it('of chat keep all fields of their messages', async () => {
    const messages = [
      { role: 'system', content: 'Be brief.', name: 'x' },
      { role: 'user', content: 'Hi' },
      { role: 'assistant', content: ' Ho ', weight: 1 },
    ];
    expect(await sampleOf({ messages, id: 1 })).toEqual({
      kind: 'chat',
      messages: [
        { role: 'system', content: 'Be brief.', fields: messages[0] },
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: ' Ho ', fields: messages[2] },
      ],
    });
  });

  it('of chat may have tools, calls of them, parts of content and variables for the template', async () => {
    const call = { type: 'function', function: { name: 'weigh', arguments: { fish: 'cod' } } };
    const tools = [{ type: 'function', function: { name: 'weigh', parameters: {} } }];
    const messages = [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'How ' },
          { type: 'text', text: 'heavy?' },
        ],
      },
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', content: '{"kg": 3}', name: 'weigh' },
      { role: 'assistant', content: '3 kg.', reasoning_content: 'It says 3.' },
    ];
    const expected = {
      kind: 'chat',
      messages: [
        { role: 'user', content: 'How heavy?', fields: messages[0] },
        { role: 'assistant', content: '', fields: messages[1] },
        { role: 'tool', content: '{"kg": 3}', fields: messages[2] },
        { role: 'assistant', content: '3 kg.', fields: messages[3] },
      ],
      tools,
      variables: { enable_thinking: false },
    };
    const chat_template_kwargs = { enable_thinking: false };
    for (const given of [tools, JSON.stringify(tools)]) {
      const row = { messages, tools: given, chat_template_kwargs };
      expect(await sampleOf(row)).toEqual(expected);
    }
    expect(await sampleOf({ messages, tools: [] })).not.toHaveProperty('tools');
  });

  it("of ShareGPT's kind become conversations, with their calls and tools", async () => {
    const tool = { name: 'weigh', description: 'Weighs a fish.', parameters: {} };
    const row = {
      system: 'Be brief.',
      conversations: [
        { from: 'human', value: 'How heavy?' },
        { from: 'function_call', value: '{"name": "weigh", "arguments": {"fish": "cod"}}' },
        { from: 'observation', value: '{"kg": 3}' },
        { from: 'gpt', value: '3 kg.' },
      ],
      tools: JSON.stringify([tool]),
    };
    const call = { type: 'function', function: { name: 'weigh', arguments: { fish: 'cod' } } };
    expect(await sampleOf(row)).toEqual({
      kind: 'chat',
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'How heavy?' },
        {
          role: 'assistant',
          content: '',
          fields: { role: 'assistant', content: '', tool_calls: [call] },
        },
        { role: 'tool', content: '{"kg": 3}' },
        { role: 'assistant', content: '3 kg.' },
      ],
      tools: [{ type: 'function', function: tool }],
    });
  });
});

describe('records of other kinds', () => {
  const answers = [{ role: 'assistant', content: 'A' }];
  const messages = [{ role: 'user', content: 'Who?' }, ...answers];
  it.each([
    ['record_feedback', { text: 'great', label: true }],
    ['record_media', { ...alpaca, images: ['a.png'] }],
    ['record_media', { messages, videos: ['a.mp4'] }],
    ['record_media', { messages, audio: { path: 'a.wav' } }],
    ['record_media', { ...alpaca, instruction: '<image>What is this?' }],
    ['record_media', { messages: [{ role: 'user', content: 'What is this?\n<image>\n' }, ...answers] }],
  ])('are never learnt as answers: %s %j', async (code, record) => {
    const { records, problems } = await read(JSON.stringify([record]));
    expect(records).toEqual([]);
    expect(problems).toMatchObject([{ record: 1, code }]);
  });

  it.each([
    { ...alpaca, images: [], chosen: null, rejected: null, label: null },
    { ...alpaca, instruction: 'What does the tag <video> do?' },
    { text: 'great', label: 1 },
  ])('are not seen in %j', async (record) => {
    expect(await sampleOf(record)).toBeDefined();
  });
});

describe('columns that are null', () => {
  it.each([
    [{ messages: null, ...alpaca, system: null, history: null, text: null }, 'chat'],
    [{ messages: null, conversations: null, instruction: null, output: null, text: 'a' }, 'text'],
    [{ instruction: null, input: 'Sing.', output: 'La la.' }, 'chat'],
  ])('count as absent: %j', async (record, kind) => {
    expect(await sampleOf(record)).toMatchObject({ kind });
  });

  it('may be NaN, as pandas writes them', async () => {
    const { records, problems } = await read('{"instruction": "Sing.", "input": NaN, "output": "La la."}');
    expect(problems).toEqual([]);
    expect(records[0]?.sample).toMatchObject({ messages: [{ content: 'Sing.' }, {}] });
  });
});

describe('conversations', () => {
  const turns = [
    { from: 'human', value: 'Sing.' },
    { from: 'gpt', value: 'La la.' },
  ];
  const messages = [
    { role: 'user', content: 'Sing.' },
    { role: 'assistant', content: 'La la.' },
  ];
  it('may have the fields of either kind under either name', async () => {
    for (const record of [{ messages: turns }, { conversations: turns }, { conversations: messages }]) {
      expect(await sampleOf(record)).toEqual({ kind: 'chat', messages });
    }
  });

  it('may have their system message beside them, but not twice', async () => {
    const system = { role: 'system', content: 'Be a bird.' };
    expect(await sampleOf({ messages, system: system.content })).toMatchObject({
      messages: [system, ...messages],
    });
    expect(await reasonOf({ messages: [system, ...messages], system: 'Be a cat.' })).toMatch(
      /both in “system” and in “messages”/,
    );
  });

  it('keep what their calls and tools are given, to the last digit and in order', async () => {
    const given = '{"b": 1.0, "10": 9007199254740993, "2": -0.0, "x": 1e22}';
    const quoted = JSON.stringify(given);
    const call = (json: string): string =>
      `{"role": "assistant", "content": null, "tool_calls": [{"function": {"name": "f", "arguments": ${json}}}]}`;
    const shareGpt = JSON.stringify({ name: 'f', arguments: 0 }).replace('0', given);
    const tools = `[{"name": "f", "parameters": ${given}}]`;
    const lines = [
      `{"messages": [${call(given)}], "tools": ${tools}}`,
      `{"messages": [${call(quoted)}], "tools": ${JSON.stringify(tools)}}`,
      `{"conversations": [{"from": "function_call", "value": ${JSON.stringify(shareGpt)}}], "tools": ${tools}}`,
    ];
    const { records, problems } = await read(lines.join('\n'));
    expect(problems).toEqual([]);
    for (const { sample } of records) {
      if (sample.kind !== 'chat') throw new Error('no conversation');
      const written = [sample.messages[0]?.fields?.tool_calls, sample.tools].map((part) =>
        jsonOf(fromJson(part)),
      );
      for (const text of written) expect(text).toContain(given.replace('1e22', '1e+22'));
    }
  });

  it.each([
    [{ role: 'assistant', content: 'a', function_call: { name: 'f' } }, /do not read “function_call”/],
    [{ role: 'assistant', content: 'a', weight: -0.5 }, /“weight” must be a number from 0 to 1,000,000/],
    [{ role: 'assistant', content: 'a', weight: 'much' }, /“weight” must be a number/],
    [{ role: 'assistant', content: 'a', loss_scale: [1] }, /“loss_scale” must be a number/],
    [
      { role: 'assistant', content: null, tool_calls: [{ function: { name: 'f', arguments: 'x = 1' } }] },
      /“arguments” of a call are a text, but not a JSON object/,
    ],
  ])('are refused for %j', async (message, reason) => {
    expect(await reasonOf({ messages: [{ role: 'user', content: 'a' }, message] })).toMatch(reason);
  });

  it.each([{ weight: 0 }, { weight: 0.0 }, { train: false }, { loss: false }])(
    'do not train answers with %j',
    async (mark) => {
      const [question, answer] = messages;
      expect(await sampleOf({ messages: [question, { ...answer, ...mark }] })).toMatchObject({
        messages: [question, { trained: false }],
      });
    },
  );
});

describe('the beginning of an answer', () => {
  const row = (...marks: readonly object[]) => ({
    messages: marks.flatMap((mark) => [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b', ...mark },
    ]),
  });

  it('is marked by “prefix”', async () => {
    expect(await sampleOf(row({ prefix: true }))).toMatchObject({ messages: [{}, { prefix: true }] });
    const [, answer] = ((await sampleOf(row({ prefix: false }))) as { messages: object[] }).messages;
    expect(answer).not.toHaveProperty('prefix');
  });

  it('can only be the last', async () => {
    expect(await reasonOf(row({ prefix: true }, {}))).toMatch(/only the last answer can be a “prefix”/);
  });
});

describe('the weight of a loss', () => {
  const pair = { prompt: 'a', completion: 'b' };

  it.each([
    [{ weight: 0.5 }, 0.5],
    [{ weight: '2' }, 2],
    [{ weight: 1 }, undefined],
    [{ weight: '' }, undefined],
    [{ weight: null }, undefined],
  ])('is that of the row for %j', async (column, weight) => {
    const told = weight === undefined ? {} : { weight };
    expect(await sampleOf({ text: 'a', ...column })).toEqual({ kind: 'text', text: 'a', ...told });
    expect(await sampleOf({ ...pair, ...column })).toEqual({
      kind: 'chat',
      messages: [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'b' },
      ],
      ...told,
    });
  });

  it.each(['-1', 'NaN', '1e9', '"5 kg"', '[1]', 'true'])('is no %s', async (weight) => {
    const { problems } = await read(`{"prompt": "a", "completion": "b", "weight": ${weight}}`);
    expect(JSON.stringify(problems)).toContain('"row_weight"');
  });

  it('excludes a row if it is 0', async () => {
    expect(await reasonOf({ ...pair, weight: 0 })).toMatch(/“weight” is 0, so nothing of the row is learnt/);
  });

  it('is that of an answer, by OpenAI’s or ms-swift’s name', async () => {
    for (const mark of [{ weight: 0.25 }, { loss_scale: 0.25 }]) {
      const answer = { role: 'assistant', content: 'b', ...mark };
      expect(await sampleOf({ messages: [{ role: 'user', content: 'a' }, answer] })).toMatchObject({
        messages: [{ role: 'user' }, { weight: 0.25 }],
      });
    }
  });
});

describe('a row that cannot be used', () => {
  const names =
    'Say what they mean, with columns in the setting sources, or use the names “messages”, “instruction” and “output”, “question” and “answer”, or “text”.';
  it.each([
    [5, 'A record must be an object, but this is a number.'],
    [null, 'A record must be an object, but this is null.'],
    [['a'], 'A record must be an object, but this is a list.'],
    [{}, `Its columns are not recognised: it has none. ${names}`],
    [{ prompt: 'a', context: 'b' }, `Its columns are not recognised: prompt, context. ${names}`],
    [{ instruction: 'a' }, '“output” is missing.'],
    [{ instruction: 'a', output: ' ' }, '“output” is empty.'],
    [{ instruction: 'a', output: 3 }, '“output” must be a text.'],
    [{ instruction: ' ', output: 'b' }, '“instruction” is empty.'],
    [{ ...alpaca, input: 5 }, '“input” must be a text.'],
    [{ ...alpaca, system: [] }, '“system” must be a text.'],
    [{ ...alpaca, history: 'a' }, '“history” must be a list of pairs [instruction, output].'],
    [{ ...alpaca, history: [['a']] }, 'each turn of “history” must be a pair of texts.'],
    [{ text: '' }, '“text” is empty.'],
    [{ text: null }, `Its columns are not recognised: text (null). ${names}`],
    [{ messages: {} }, '“messages” must be a list.'],
    [{ messages: [] }, '“messages” is empty.'],
    [
      { messages: ['hi'] },
      'Message 1: each message must be an object with “role” and “content”, or with “from” and “value”.',
    ],
    [
      { messages: [{ role: 'bot', content: 'a' }] },
      'Message 1: “role” must be one of system, developer, user, assistant, tool, ipython.',
    ],
    [
      {
        messages: [
          { role: 'user', content: 'a' },
          { role: 'assistant', content: null },
        ],
      },
      'Message 2: it has no “content”.',
    ],
    [
      { messages: [{ role: 'user', content: 'a' }, { role: 'assistant' }] },
      'Message 2: it has no “content”.',
    ],
    [{ messages: [{ role: 'user', content: 5 }] }, 'Message 1: “content” must be a text or a list of parts.'],
    [
      { messages: [{ role: 'user', content: [{ type: 'image', url: 'a' }] }] },
      'Message 1: it has a part of type image, and only text can be learnt here.',
    ],
    [
      { messages: [{ role: 'user', content: 'a' }], tools: 'no JSON' },
      '“tools” must be a list of objects, or that list as JSON text.',
    ],
    [
      { conversations: [{ from: 'bird', value: 'a' }] },
      'Message 1: “from” is "bird"; it must be one of human, user, gpt, assistant, system, function_call, observation, tool.',
    ],
    [
      { conversations: [{ from: 'function_call', value: 'weigh(cod)' }] },
      'Message 1: its call is not JSON with “name” and “arguments”.',
    ],
    [{ conversations: [{ from: 'human' }] }, 'Message 1: “value” must be a text.'],
    [
      {
        messages: [
          { role: 'user', content: 'a' },
          { role: 'assistant', content: '' },
        ],
      },
      'Message 2: the answer is empty.',
    ],
    [
      {
        messages: [
          { role: 'user', content: 'a' },
          { role: 'assistant', content: '', tool_calls: [] },
        ],
      },
      'Message 2: the answer is empty.',
    ],
    [
      {
        messages: [
          { role: 'user', content: 'a' },
          { role: 'assistant', content: null, tool_calls: [] },
        ],
      },
      'Message 2: it has no “content”.',
    ],
    [
      {
        messages: [
          { role: 'user', content: 'a' },
          { role: 'system', content: 'b' },
        ],
      },
      'Message 2: a system message can only be the first.',
    ],
  ])('%j is told why', async (row, reason) => {
    expect(await reasonOf(row)).toBe(reason);
  });

  it('is reported with its number and line, and the others go on', async () => {
    const { records, problems } = await read('{"text":"a"}\n\n{"text":}\n{"text":5}\n{"text":"d"}');
    expect(records.map(({ record }) => record)).toEqual([1, 4]);
    expect(problems).toMatchObject([
      {
        file: 'rows.json',
        record: 2,
        line: 3,
        column: 9,
        reason: expect.objectContaining({ code: 'record_not_json' }) as Message,
      },
      { file: 'rows.json', record: 3, line: 4, reason: { code: 'field_no_text', values: { name: 'text' } } },
    ]);
  });
});

describe('a file that cannot be used', () => {
  it.each([
    ['', /empty/],
    [' \n', /empty/],
    ['[]', /list of records is empty/],
    ['Remember the milk', /not a JSON list/],
    ['[{"text":"a"},\n\n{"text":"b" "c"}]', /^Not valid JSON/],
  ])('%j is told why', async (text, reason) => {
    const { records, problems } = await read(text);
    expect(records).toEqual([]);
    expect(problems).toHaveLength(1);
    expect(problems[0]?.record).toBeUndefined();
    expect(inEnglish(problems[0]!.reason)).toMatch(reason);
  });

  it('has the line of its mistake', async () => {
    expect((await read('\n[{"text":"a"},\n\n{"text":"b" "c"}]')).problems[0]).toMatchObject({
      line: 4,
      column: 13,
    });
  });
});
