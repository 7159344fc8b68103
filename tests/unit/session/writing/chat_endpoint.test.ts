import { expect, it, vi } from 'vitest';
import { ChatEndpoint, type EndpointChoice } from '../../../../src/session/writing/endpoint/chat_endpoint';
import { Pace, type Outside } from '../../../../src/session/writing/endpoint/pace';
import { begin, chatServer, event, refuse, whole, type Answers } from './server';

const KEY = 'sk-very-secret-0123456789';
const QUESTION = [{ role: 'user' as const, content: 'Why?' }];

async function open(answers: Answers, choice: Partial<EndpointChoice> = {}, outside: Outside = {}) {
  const { address, asked } = await chatServer(answers);
  const slept: number[] = [];
  let time = 0;
  const sleep = (milliseconds: number) => {
    slept.push(Math.round(milliseconds));
    time += milliseconds;
    return Promise.resolve();
  };
  const endpoint = new ChatEndpoint(
    { address, model: 'm', key: KEY, maxTokens: 50, temperature: 0.5, parallel: 1, perMinute: 0, ...choice },
    { sleep, now: () => time, random: () => 0, ...outside },
  );
  return { endpoint, asked, slept, address };
}

it('asks for a stream and reads it, whatever its pieces', async () => {
  const { endpoint, asked, address } = await open((response) => {
    begin(response);
    const stream = Buffer.from(
      `: hello\r\n\r\n${event('Da')}${event('rüm')}${event('', 'stop')}data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}\n\ndata: [DONE]\n\n`,
    );
    // Letters of several bytes and events are cut apart.
    for (const byte of stream) response.write(Buffer.of(byte));
    response.end();
  });
  const told: string[] = [];
  const completion = await endpoint.complete(QUESTION, { onText: (text) => told.push(text) });
  expect(completion).toEqual({
    text: 'Darüm',
    isCut: false,
    usage: { promptTokens: 3, answerTokens: 2 },
  });
  expect(told.at(-1)).toBe('Darüm');
  expect(asked[0]?.path).toBe('/v1/chat/completions');
  expect(asked[0]?.headers.authorization).toBe(`Bearer ${KEY}`);
  expect(asked[0]?.headers.cookie).toBeUndefined();
  expect(asked[0]?.body).toEqual({
    model: 'm',
    messages: QUESTION,
    max_tokens: 50,
    temperature: 0.5,
    stream: true,
    stream_options: { include_usage: true },
  });
  expect(endpoint.origin).toBe(`m (${new URL(address).host})`);
});

it('reads an answer that comes as one object, and tells one that is cut', async () => {
  const { endpoint, asked } = await open((response) => whole(response, 'So.', 'length'), { key: '' });
  expect(await endpoint.complete(QUESTION, {})).toEqual({
    text: 'So.',
    isCut: true,
    usage: { promptTokens: 11, answerTokens: 7 },
  });
  expect(asked[0]?.headers.authorization).toBeUndefined();
});

it('waits as long as the server asks for, and longer each time if it does not say', async () => {
  const { endpoint, asked, slept } = await open((response, _, number) => {
    if (number === 1) refuse(response, 429, 'Slow down', { 'Retry-After': '7' });
    else if (number < 4) refuse(response, 503, 'Busy');
    else whole(response, 'Here.');
  });
  expect((await endpoint.complete(QUESTION, {})).text).toBe('Here.');
  expect(asked).toHaveLength(4);
  expect(slept).toEqual([7000, 1000, 2000]);
});

it('gives up after several failures in a row, or a long wait', async () => {
  const busy = await open((response) => refuse(response, 500, 'Out of order'));
  const values = { host: expect.any(String) as string, status: 500, reason: 'Out of order' };
  await expect(busy.endpoint.complete(QUESTION, {})).rejects.toMatchObject({
    code: 'writer_overloaded',
    values,
  });
  expect(busy.asked).toHaveLength(5);
  const long = await open((response) => refuse(response, 429, 'Enough', { 'Retry-After': '86400' }));
  await expect(long.endpoint.complete(QUESTION, {})).rejects.toMatchObject({ code: 'writer_overloaded' });
  expect(long.asked).toHaveLength(1);
});

it('repeats a request whose connection breaks', async () => {
  const { endpoint, asked } = await open((response, _, number) => {
    if (number === 3) {
      whole(response, 'Whole.');
      return;
    }
    begin(response);
    response.write(event('Hal'));
    if (number === 1) setTimeout(() => response.destroy(), 5);
    // An answer without an end, as a proxy leaves it.
    else response.end();
  });
  expect((await endpoint.complete(QUESTION, {})).text).toBe('Whole.');
  expect(asked).toHaveLength(3);
});

it.each([
  [401, 'writer_key_refused'],
  [403, 'writer_key_refused'],
  [404, 'writer_not_found'],
  [400, 'writer_refused'],
])('says at once why the status %s ends the work, without the key', async (status, code) => {
  const { endpoint, asked } = await open((response) => refuse(response, status, `No ${KEY} for m`));
  const error: unknown = await endpoint.complete(QUESTION, {}).catch((each: unknown) => each);
  expect(error).toMatchObject({ code, values: { reason: 'No ••• for m' } });
  expect(JSON.stringify(error)).not.toContain(KEY);
  expect(asked).toHaveLength(1);
});

it('asks again without the parts that a server does not take', async () => {
  const { endpoint, asked } = await open((response, { body }) => {
    if ('max_tokens' in body) refuse(response, 400, "Use 'max_completion_tokens' instead of 'max_tokens'");
    else if ('temperature' in body) refuse(response, 400, "'temperature' does not support 0.5");
    else whole(response, 'Yes.');
  });
  expect((await endpoint.complete(QUESTION, {})).text).toBe('Yes.');
  expect(asked.at(-1)?.body).toMatchObject({ max_completion_tokens: 50 });
  expect((await endpoint.complete(QUESTION, {})).note?.code).toBe('temperature_refused');
  expect(asked).toHaveLength(4);
});

it('asks again for each of several requests that were refused for the same part', async () => {
  const late: (() => void)[] = [];
  const { endpoint, asked } = await open((response, { body }) => {
    if (!('max_tokens' in body)) {
      whole(response, 'Yes.');
      return;
    }
    late.push(() => refuse(response, 400, "Unsupported parameter: 'max_tokens'"));
    if (late.length === 2) for (const answer of late) answer();
  });
  const both = await Promise.all([1, 2].map(() => endpoint.complete(QUESTION, {})));
  expect(both.map(({ text }) => text)).toEqual(['Yes.', 'Yes.']);
  expect(asked).toHaveLength(4);
});

it.each(['temperature must be within [0, 1]', 'max_tokens must be at most 40'])(
  'tells a value that a server does not take: %s',
  async (reason) => {
    const { endpoint, asked } = await open((response) => refuse(response, 400, reason), { key: 'a' });
    await expect(endpoint.complete(QUESTION, {})).rejects.toMatchObject({ code: 'writer_refused' });
    expect(asked).toHaveLength(1);
  },
);

it('tells an answer that the server ends before it is whole', async () => {
  const { endpoint } = await open((response) => whole(response, 'Half', 'content_filter'));
  expect(await endpoint.complete(QUESTION, {})).toMatchObject({
    isCut: false,
    broken: { code: 'answer_broken', values: { reason: 'content_filter' } },
  });
});

it('lets no request begin during a rest, nor one that waited before', async () => {
  let time = 0;
  const sleep = vi.fn((milliseconds: number) => {
    time += milliseconds;
    return Promise.resolve();
  });
  const pace = new Pace(60, { now: () => time, sleep });
  await pace.turn();
  const second = pace.turn();
  pace.rest(5000);
  await second;
  expect(time).toBeGreaterThanOrEqual(5000);
});

it.each(['<html>Please log in</html>', '{"answer":42}', '{"choices":"none"}'])(
  'says that %s is no answer of a chat model',
  async (body) => {
    const { endpoint } = await open((response) => response.writeHead(200).end(body));
    await expect(endpoint.complete(QUESTION, {})).rejects.toMatchObject({ code: 'writer_no_chat' });
  },
);

it('tells an error within a stream', async () => {
  const { endpoint } = await open((response) => {
    begin(response);
    response.end('data: {"error":{"message":"Overloaded"}}\n\n');
  });
  await expect(endpoint.complete(QUESTION, {})).rejects.toMatchObject({
    code: 'writer_overloaded',
    values: { reason: 'Overloaded' },
  });
});

it('stops a request, also one that waits', async () => {
  const { endpoint, asked } = await open((response) => {
    begin(response);
    response.write(event('Slow'));
  });
  const stop = new AbortController();
  const answer = endpoint.complete(QUESTION, { signal: stop.signal, onText: () => stop.abort() });
  await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
  expect(asked).toHaveLength(1);
});

it('says at once that nothing answers, and follows no redirect', async () => {
  const fetch = vi.fn(() => Promise.reject(new TypeError('Failed to fetch')));
  const { endpoint } = await open(() => undefined, {}, { fetch });
  await expect(endpoint.complete(QUESTION, {})).rejects.toMatchObject({ code: 'writer_unreachable' });
  expect(fetch).toHaveBeenCalledTimes(1);
  const elsewhere = await chatServer((response) => whole(response, 'x'));
  const Location = `${elsewhere.address}/chat/completions`;
  const moved = await open((response) => response.writeHead(307, { Location }).end());
  await expect(moved.endpoint.complete(QUESTION, {})).rejects.toMatchObject({ code: 'writer_unreachable' });
  expect(elsewhere.asked).toEqual([]);
});

it('begins at most so many requests a minute', async () => {
  const { endpoint, slept } = await open((response) => whole(response, 'x'), { perMinute: 30 });
  await Promise.all([1, 2, 3].map(() => endpoint.complete(QUESTION, {})));
  expect(slept.reduce((sum, each) => sum + each)).toBeGreaterThanOrEqual(4000);
});

it('refuses a key that no header can carry, and does not repeat it', async () => {
  await expect(open(() => undefined, { key: 'sk-a\nb' })).rejects.toMatchObject({ code: 'writer_key' });
});
