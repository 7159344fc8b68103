import { describe, expect, it } from 'vitest';
import { TunesmithError } from '../../../../src/core/errors';
import type { Sample } from '../../../../src/data/records';
import { aboutTokens, costOf, estimateOf } from '../../../../src/session/writing/cost';
import type { JobOptions } from '../../../../src/session/writing/job';
import { jobsOf, type WritingTask } from '../../../../src/session/writing/tasks';
import type { Completion, Writer } from '../../../../src/session/writing/writer';
import { writeRows, type WritingEvent } from '../../../../src/session/writing/write_rows';

const chat = (...messages: readonly [role: 'system' | 'user' | 'assistant', content: string][]): Sample => ({
  kind: 'chat',
  messages: messages.map(([role, content]) => ({ role, content })),
});
const SAMPLES: readonly Sample[] = [
  chat(['system', 'Be brief.'], ['user', 'Why {answer}?'], ['assistant', 'So.']),
  chat(['user', 'a'], ['assistant', 'b'], ['user', 'c'], ['assistant', 'd']),
  { kind: 'text', text: 'First part.\n\nSecond part.' },
];
async function* samples(): AsyncGenerator<Sample> {
  yield* await Promise.resolve(SAMPLES);
}
const jobs = (task: WritingTask, options: Partial<JobOptions> = {}) =>
  jobsOf(
    task,
    { prompt: '{count}: {question} {answer} {document} {other}', count: 2, most: 10, ...options },
    samples,
  );

const complete = (text: string, more: Partial<Completion> = {}): Completion => ({
  text,
  isCut: false,
  ...more,
});
const rowsOf = (pairs: readonly (readonly [string, string])[]) =>
  JSON.stringify(pairs.map(([question, answer]) => ({ question, answer })));

describe('the requests of a task', () => {
  it('ask for variations of single questions with their answers', async () => {
    const [job, ...more] = await jobs({ kind: 'variations', query: {} });
    expect(more).toEqual([]);
    expect(job?.messages).toEqual([{ role: 'user', content: '2: Why {answer}? So. {document} {other}' }]);
    const text = '[{"question":"How come?"},{"question":"Why so?","answer":"Thus."},{"question":"Third?"}]';
    expect(job?.rows(complete(text))).toEqual({
      rows: [
        {
          json: JSON.stringify({ instruction: 'How come?', output: 'So.', system: 'Be brief.' }),
          texts: ['How come?', 'So.'],
        },
        {
          json: JSON.stringify({ instruction: 'Why so?', output: 'Thus.', system: 'Be brief.' }),
          texts: ['Why so?', 'Thus.'],
        },
      ],
    });
  });

  it('take no variation that is the row itself', async () => {
    const [job] = await jobs({ kind: 'variations', query: {} });
    const found = job?.rows(complete('[{"question":"Why {answer}?"},{"question":"How come?"}]'));
    expect(found?.rows.map(({ texts }) => texts[0])).toEqual(['How come?']);
  });

  it('ask each question once, and take the answer as it is', async () => {
    const made = await jobs({ kind: 'answers', questions: ' a?\n\nb?\na?\r\n' }, { prompt: '{question}' });
    expect(made.map(({ messages }) => messages[0]?.content)).toEqual(['a?', 'b?']);
    expect(made[0]?.rows(complete('<think>Hm</think> It is {"so"}.'))).toEqual({
      rows: [
        {
          json: JSON.stringify({ instruction: 'a?', output: 'It is {"so"}.' }),
          texts: ['a?', 'It is {"so"}.'],
        },
      ],
    });
    expect(made[0]?.rows(complete(' ')).problem?.code).toBe('written_empty');
    expect(made[0]?.rows(complete('It is', { isCut: true }))).toMatchObject({
      rows: [],
      problem: { code: 'answer_cut' },
    });
    const broken = { code: 'answer_broken', values: { reason: 'content_filter' } } as const;
    expect(made[0]?.rows(complete('It is', { broken }))).toEqual({ rows: [], problem: broken });
  });

  it('sample the beginnings of answers, and some whole ones', async () => {
    const questions = Array.from({ length: 20 }, (_, i) => `q${i}?`);
    const task = {
      kind: 'prefixes',
      questions: questions.join('\n'),
      query: {},
      tokens: 4,
      whole: 0.3,
      seed: 1,
    } as const;
    const prompt = '{question} First step?';
    const made = await jobs(task, { prompt, most: 50 });
    // Sampling sees the question alone.
    expect(made.map(({ messages }) => messages)).toEqual(
      questions.map((content) => [{ role: 'user', content }]),
    );
    const isWhole = made.map(({ tokens }) => tokens === undefined);
    expect(isWhole.filter(Boolean)).toHaveLength(6);
    const again = await jobs({ ...task, seed: 2 }, { prompt, most: 50 });
    expect(again.map(({ tokens }) => tokens === undefined)).not.toEqual(isWhole);

    const at = isWhole.indexOf(false);
    const learnt = { role: 'user', content: `q${at}? First step?` };
    const rowOf = (text: string, isCut: boolean): unknown =>
      made[at]!.rows(complete(text, { isCut })).rows.map(({ json }) => JSON.parse(json) as unknown)[0];
    expect(rowOf(' Let x\ufffd', true)).toEqual({
      messages: [learnt, { role: 'assistant', content: ' Let x', prefix: true }],
    });
    expect(rowOf('Done.', false)).toEqual({ messages: [learnt, { role: 'assistant', content: 'Done.' }] });
    expect(made[at]!.rows(complete('', { isCut: true })).problem?.code).toBe('written_empty');

    const whole = made[isWhole.indexOf(true)]!;
    expect(whole.rows(complete('Whole')).rows[0]?.texts).toEqual([whole.messages[0]?.content, 'Whole']);
    expect(whole.rows(complete('Wh', { isCut: true })).problem?.code).toBe('answer_cut');
    expect(estimateOf(made, 100).answerTokens).toBe(6 * 100 + 14 * 4);
  });

  it('sample answers to the questions of rows, with their system messages', async () => {
    const task = { kind: 'prefixes', questions: undefined, query: {}, tokens: 4, whole: 0, seed: 1 } as const;
    const [job, ...more] = await jobs(task, { prompt: '{question}!' });
    expect(more).toEqual([]);
    expect(job?.messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Why {answer}?' },
    ]);
    const writer: Writer = {
      origin: 'model',
      parallel: 1,
      complete: (_, { tokens }) => Promise.resolve(complete(`${tokens} tokens`, { isCut: true })),
    };
    const events: WritingEvent[] = [];
    await writeRows([job!], writer, (event) => events.push(event));
    expect(events[0]).toMatchObject({
      proposals: [{ origin: 'model (UPFT-4)', texts: ['Why {answer}?!', '4 tokens'] }],
    });
  });

  it('ask for pairs from each part of a document or of the texts', async () => {
    const parts = async (document: string | undefined) =>
      (await jobs({ kind: 'pairs', document, chunk: 13 }, { prompt: '{document}' })).map(
        ({ messages }) => messages[0]?.content,
      );
    expect(await parts(undefined)).toEqual(['First part.', 'Second part.']);
    expect(await parts('A single one.')).toEqual(['A single one.']);
    const [job] = await jobs({ kind: 'pairs', document: 'x', chunk: 10 });
    expect(job?.rows(complete(rowsOf([['q?', 'a']]))).rows).toHaveLength(1);
    expect(job?.rows(complete('[{"question":"q?"}]')).problem?.code).toBe('answer_no_json');
    expect(job?.rows(complete('[{"quest', { isCut: true })).problem?.code).toBe('answer_cut');
    const one = rowsOf([['q?', 'a']]);
    expect(job?.rows(complete(one)).problem?.code).toBe('answer_fewer');
    expect(job?.rows(complete(one, { isCut: true })).problem?.code).toBe('answer_cut');
  });

  it('say that there is nothing to ask', async () => {
    await expect(jobs({ kind: 'answers', questions: '\n' })).rejects.toMatchObject({
      code: 'writing_questions_missing',
    });
    await expect(jobs({ kind: 'pairs', document: ' ', chunk: 9 })).rejects.toMatchObject({
      code: 'writing_documents_missing',
    });
    const none = jobsOf(
      { kind: 'variations', query: {} },
      { prompt: '{question}', count: 1, most: 1 },
      async function* () {
        yield* await Promise.resolve([]);
      },
    );
    await expect(none).rejects.toMatchObject({ code: 'writing_rows_missing' });
    await expect(jobs({ kind: 'answers', questions: 'a' }, { prompt: ' ' })).rejects.toMatchObject({
      code: 'writing_prompt_empty',
    });
    await expect(jobs({ kind: 'answers', questions: 'a' }, { prompt: 'Hi' })).rejects.toMatchObject({
      code: 'writing_prompt_field',
      values: { field: 'question' },
    });
    await expect(
      jobs({ kind: 'pairs', document: 'a', chunk: 9 }, { prompt: '{count}' }),
    ).rejects.toMatchObject({ code: 'writing_prompt_field', values: { field: 'document' } });
  });

  it('are no more than are wanted, and tell about how much they cost', async () => {
    const made = await jobs(
      { kind: 'answers', questions: 'a\nb\nc' },
      { most: 2, prompt: '一二三 {question} abcdefg' },
    );
    const size = estimateOf(made, 100);
    expect(size).toEqual({ requests: 2, promptTokens: 2 * (8 + 3 + 3), answerTokens: 200 });
    expect(costOf(size, { prompt: 2, answer: 10 })).toBeCloseTo((28 * 2 + 200 * 10) / 1e6, 12);
    expect(aboutTokens('')).toBe(0);
  });
});

/** A writer that gives each answer in turn; an error is thrown. */
function writerOf(answers: readonly (Completion | Error)[], parallel = 1): Writer {
  let next = 0;
  return {
    origin: 'writer',
    parallel,
    complete: (_, { onText }) => {
      const answer = answers[next++]!;
      if (answer instanceof Error) return Promise.reject(answer);
      onText?.(answer.text);
      return Promise.resolve(answer);
    },
  };
}

async function written(writer: Writer, requests: number, signal?: AbortSignal) {
  const questions = Array.from({ length: requests }, (_, at) => `question ${at}`).join('\n');
  const events: WritingEvent[] = [];
  const made = await jobs({ kind: 'pairs', document: questions, chunk: 10 });
  expect(made).toHaveLength(requests);
  const result = await writeRows(made, writer, (each) => events.push(each), signal).catch(
    (error: unknown) => error,
  );
  const proposals = events.flatMap((each) => (each.kind === 'rows' ? each.proposals : []));
  return { result, events, proposals };
}

describe('writing rows', () => {
  it('passes on each new row with its origin, and counts tokens and problems', async () => {
    const usage = { promptTokens: 5, answerTokens: 3 };
    const answers = [
      complete(rowsOf([['a?', 'A']]), { usage }),
      complete('No.', { usage }),
      complete(
        rowsOf([
          ['a?', 'A'],
          ['b?', 'B'],
        ]),
        { usage },
      ),
      new TunesmithError({ code: 'context_full', values: { tokens: 9, room: 8 } }),
    ];
    const { result, proposals, events } = await written(writerOf(answers), 4);
    expect(proposals.map(({ texts, origin }) => [...texts, origin])).toEqual([
      ['a?', 'A', 'writer'],
      ['b?', 'B', 'writer'],
    ]);
    expect(result).toEqual({
      done: 4,
      all: 4,
      rows: 2,
      usage: { promptTokens: 15, answerTokens: 9 },
      isEstimated: false,
      problems: [
        { reason: { code: 'answer_fewer' }, count: 1 },
        { reason: { code: 'answer_no_json' }, count: 1 },
        { reason: { code: 'answer_repeats' }, count: 1 },
        { reason: { code: 'context_full', values: { tokens: 9, room: 8 } }, count: 1 },
      ],
    });
    expect(events.some((each) => each.kind === 'text' && each.text === 'No.')).toBe(true);
  });

  it('ends with an error that concerns all, and what arrived before stays', async () => {
    const refused = new TunesmithError({
      code: 'writer_key_refused',
      values: { host: 'h', given: true, reason: '' },
    });
    const { result, proposals } = await written(writerOf([complete(rowsOf([['a?', 'A']])), refused]), 3);
    expect(result).toBe(refused);
    expect(proposals).toHaveLength(1);
  });

  it('goes on after a refusal of one request, once another has worked', async () => {
    const refused = new TunesmithError({
      code: 'writer_refused',
      values: { host: 'h', status: 400, reason: '' },
    });
    const good = complete(rowsOf([['a?', 'A']]));
    expect((await written(writerOf([refused, good]), 2)).result).toBe(refused);
    expect((await written(writerOf([good, refused]), 2)).result).toMatchObject({
      done: 2,
      rows: 1,
      isEstimated: true,
    });
  });

  it('asks as many at once as the writer takes, and stops', async () => {
    const stop = new AbortController();
    let open = 0;
    let most = 0;
    const writer: Writer = {
      origin: 'w',
      parallel: 3,
      complete: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          most = Math.max(most, ++open);
          if (open === 3) setTimeout(() => stop.abort(), 0);
          signal?.addEventListener('abort', () => reject(signal.reason as Error));
        }),
    };
    const { result } = await written(writer, 5, stop.signal);
    expect(result).toMatchObject({ name: 'AbortError' });
    expect(most).toBe(3);
  });
});
