import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ABORTED, TunesmithError } from '../../../src/core/errors';
import { augmentRequest, writingRequest } from '../../../src/ui/examples/more/requests';
import { MoreState } from '../../../src/ui/examples/more/more.svelte';
import { ServiceState } from '../../../src/ui/examples/more/service.svelte';
import { shownTexts } from '../../../src/ui/examples/more/shown_texts';
import { ExamplesState } from '../../../src/ui/examples/examples.svelte';
import type {
  AugmentReport,
  AugmentRequest,
  Proposal,
  WritingEvent,
  WritingProgress,
  WritingRequest,
} from '../../../src/worker/protocol';
import { deferred, engineOf, newTab, stubLocalStorage } from './engine';

const proposal = (question: string): Proposal => ({
  json: JSON.stringify({ instruction: question, output: 'So.' }),
  origin: 'a model',
  texts: [`before ${question}`, question],
});
const PROGRESS: WritingProgress = {
  done: 1,
  all: 1,
  rows: 1,
  usage: { promptTokens: 3, answerTokens: 2 },
  isEstimated: false,
  problems: [],
};

function more(isLocked: () => boolean = () => false) {
  const changing = deferred<AugmentReport>();
  const writing = deferred<WritingProgress>();
  const remote = {
    augment: vi.fn<
      (request: AugmentRequest, onProposed: (rows: readonly Proposal[]) => void) => Promise<AugmentReport>
    >(() => changing.promise),
    write: vi.fn<
      (request: WritingRequest, onEvent: (event: WritingEvent) => void) => Promise<WritingProgress>
    >(() => writing.promise),
    estimate: vi.fn(() => Promise.resolve({ requests: 1, promptTokens: 10, answerTokens: 100 })),
    readText: vi.fn(() => Promise.resolve('Why?\nHow?')),
    stop: vi.fn(() => {
      const stopped = new TunesmithError({ code: ABORTED });
      for (const each of [changing, writing]) {
        each.promise.catch(() => undefined);
        each.reject(stopped);
      }
      return Promise.resolve();
    }),
  };
  const engine = engineOf({
    writing: remote,
    examples: { demo: () => Promise.resolve({ name: 'demo.jsonl', content: new Blob() }) },
  });
  const examples = new ExamplesState(engine);
  const state = new MoreState(engine, examples, isLocked);
  const questions = () =>
    examples.edits.edits.added.map(({ value }) => (value as { instruction: string }).instruction);
  return { state, examples, remote, changing, writing, questions };
}

/** The browser's storage. */
let kept: Map<string, string>;

beforeEach(() => {
  vi.useFakeTimers();
  kept = stubLocalStorage();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('more rows', () => {
  it('puts changed rows into the table as proposals, all at once', async () => {
    const { state, examples, remote, changing, questions } = more();
    const started = state.start();
    expect([state.doing, remote.augment.mock.calls[0]?.[0].copies]).toEqual(['change', 1]);
    const onProposed = remote.augment.mock.calls[0]![1];
    onProposed([proposal('a?')]);
    await vi.advanceTimersByTimeAsync(3000);
    expect(questions()).toEqual([]);
    onProposed([proposal('b?')]);
    changing.resolve({ rows: 2, made: { typos: 2 }, unchanged: 0 });
    await started;
    expect(questions()).toEqual(['a?', 'b?']);
    expect(examples.edits.edits.added[0]).toEqual({
      value: { instruction: 'a?', output: 'So.' },
      origin: 'a model',
      proposed: true,
    });
    expect(state.before(examples.edits.edits.added[0]!.value)).toBe('before a?');
    expect([state.doing, state.changed?.rows]).toEqual([undefined, 2]);
    examples.edits.undo();
    expect(questions()).toEqual([]);
  });

  it('puts written rows into the table in batches', async () => {
    const { state, remote, writing, questions } = more();
    state.way = 'write';
    const started = state.start();
    const onEvent = remote.write.mock.calls[0]![1];
    onEvent({ kind: 'rows', proposals: [proposal('a?')] });
    onEvent({ kind: 'rows', proposals: [proposal('b?')] });
    expect(questions()).toEqual([]);
    await vi.advanceTimersByTimeAsync(3000);
    expect(questions()).toEqual(['a?', 'b?']);
    onEvent({ kind: 'rows', proposals: [proposal('c?')] });
    writing.resolve(PROGRESS);
    await started;
    expect(questions()).toEqual(['a?', 'b?', 'c?']);
  });

  it('shows the text and the progress of a model, and keeps what arrived before a stop', async () => {
    const { state, remote, questions } = more();
    state.way = 'write';
    const started = state.start();
    expect(state.doing).toBe('model');
    const onEvent = remote.write.mock.calls[0]![1];
    onEvent({ kind: 'text', text: '[{"ques' });
    onEvent({ kind: 'rows', proposals: [proposal('a?')] });
    onEvent({ kind: 'progress', ...PROGRESS });
    expect([state.text, state.progress?.rows]).toEqual(['[{"ques', 1]);
    await state.stop();
    await started;
    expect([state.isStopped, state.doing, state.text, state.error]).toEqual([true, undefined, '', undefined]);
    expect(questions()).toEqual(['a?']);
  });

  it('tells a failure, and keeps what arrived before', async () => {
    const { state, remote, writing, questions } = more();
    state.way = 'write';
    const started = state.start();
    remote.write.mock.calls[0]![1]({ kind: 'rows', proposals: [proposal('a?')] });
    writing.reject(new TunesmithError({ code: 'writer_key' }));
    await started;
    expect([state.error?.code, questions().length]).toEqual(['writer_key', 1]);
    void state.start();
    const seeds = remote.write.mock.calls.map(([{ writer }]) => writer.kind === 'model' && writer.seed);
    expect(seeds).toEqual([1, 2]);
  });

  it('waits with the table while a run uses the examples', async () => {
    let locked = true;
    const { state, remote, changing, questions } = more(() => locked);
    const started = state.start();
    remote.augment.mock.calls[0]![1]([proposal('a?')]);
    changing.resolve({ rows: 1, made: {}, unchanged: 0 });
    await started;
    await vi.advanceTimersByTimeAsync(10_000);
    expect([questions(), state.hasUnsaved]).toEqual([[], true]);
    locked = false;
    await vi.advanceTimersByTimeAsync(3000);
    expect([questions(), state.hasUnsaved]).toEqual([['a?'], false]);
  });

  it('stops once other files are chosen, whose table gets none of the rows', async () => {
    const { state, examples, remote, questions } = more();
    const started = state.start();
    const onProposed = remote.augment.mock.calls[0]![1];
    onProposed([proposal('a?')]);
    examples.chooseDemo();
    onProposed([proposal('b?')]);
    await started;
    await vi.advanceTimersByTimeAsync(10_000);
    expect([state.isStopped, questions(), state.dropped]).toEqual([true, [], 2]);
  });

  it('drops rows that still wait once other files are chosen, and says how many', async () => {
    let locked = true;
    const { state, examples, remote, writing, questions } = more(() => locked);
    state.way = 'write';
    const started = state.start();
    remote.write.mock.calls[0]![1]({ kind: 'rows', proposals: [proposal('a?')] });
    writing.resolve(PROGRESS);
    await started;
    examples.chooseDemo();
    locked = false;
    await vi.advanceTimersByTimeAsync(3000);
    expect([questions(), state.dropped]).toEqual([[], 1]);
  });

  it.each([
    ['of files, when there are more of them', 'variations' as const],
    ['of questions, whatever files are chosen', 'answers' as const],
  ])('keeps rows %s', async (_, task) => {
    const { state, examples, remote, writing, questions } = more();
    examples.files = [{ name: 'a.jsonl', content: new Blob(['a']) }];
    examples.chooseOwn();
    await vi.advanceTimersByTimeAsync(0);
    state.way = 'write';
    state.write.task = task;
    const started = state.start();
    const onEvent = remote.write.mock.calls[0]![1];
    if (task === 'answers') examples.chooseDemo();
    else await examples.add([{ name: 'b.jsonl', content: new Blob(['b']) }]);
    await vi.advanceTimersByTimeAsync(0);
    onEvent({ kind: 'rows', proposals: [proposal('a?')] });
    writing.resolve(PROGRESS);
    await started;
    expect([questions(), state.isStopped, state.dropped]).toEqual([['a?'], false, 0]);
  });

  it('measures the work for the newest choices', async () => {
    const { state, remote } = more();
    const slow = deferred<{ requests: number; promptTokens: number; answerTokens: number }>();
    remote.estimate.mockReturnValueOnce(slow.promise);
    const first = state.measure();
    await state.measure();
    slow.resolve({ requests: 9, promptTokens: 9, answerTokens: 9 });
    await first;
    expect(state.estimate?.requests).toBe(1);
    remote.estimate.mockRejectedValueOnce(new TunesmithError({ code: 'writing_questions_missing' }));
    await state.measure();
    expect([state.estimate, state.estimateError?.code]).toEqual([undefined, 'writing_questions_missing']);
  });

  it('reads a text file as questions or as a document', async () => {
    const { state } = more();
    const file = new File([''], 'q.txt');
    state.write.task = 'answers';
    await state.readInput(file);
    state.write.task = 'pairs';
    await state.readInput(file);
    expect([state.write.questions, state.write.document]).toEqual(['Why?\nHow?', 'Why?\nHow?']);
  });
});

describe('a service', () => {
  it('can be reached from the next load on, which keeps the questions and never the key', () => {
    const here = newTab();
    const { state } = more();
    Object.assign(state.write, { task: 'pairs', questions: 'Why?', document: 'A text.', most: 7 });
    state.write.prompts.pairs = 'Ask about {document}';
    state.write.promptPrice = 2;
    const typed = { ...state.write, writer: 'service' };
    state.service.address = 'localhost:11434/v1/';
    state.service.model = 'qwen3';
    state.service.key = 'sk-secret';
    expect([state.service.isAllowed, state.allowService()]).toEqual([false, true]);
    expect([...kept.values()].join()).not.toContain('secret');

    newTab();
    expect(more().state.way).toBe('change');
    here();
    const { state: next, examples } = more();
    expect(next.write).toEqual(typed);
    expect([examples.view, next.way, next.write.writer, next.write.questions]).toEqual([
      'more',
      'write',
      'service',
      'Why?',
    ]);
    const { allowed, isReady, model, key } = next.service;
    expect([allowed, isReady, model, key]).toEqual(['http://localhost:11434/v1', true, 'qwen3', '']);
    expect(more().examples.view).toBe('files');
    next.service.forget();
    expect(new ServiceState().allowed).toBe('');
  });

  it('refuses an address that a page can not reach', () => {
    const { state } = more();
    state.service.address = 'http://192.168.1.5/v1';
    expect([state.allowService(), state.service.error?.code]).toEqual([false, 'chat_address_http']);
    expect(kept.size).toBe(0);
  });
});

describe('the requests', () => {
  it('hold the chosen techniques with their options', () => {
    const { change } = more().state;
    expect(augmentRequest(change, { search: 'x' }, ['Hi {text}'])).toEqual({
      query: {},
      techniques: { templates: { templates: ['Hi {text}'] }, typos: { share: 0.1 } },
      copies: 1,
      most: 200,
      seed: 1,
      texts: false,
    });
    const on = { templates: true, synonyms: true, typos: false, deletion: true, swap: true };
    const own = { ...change, on, templates: 'a {text}\nb {text}', synonyms: 'a: b', onlyShown: true };
    expect(augmentRequest(own, { search: 'x' }, [])).toMatchObject({
      query: { search: 'x' },
      techniques: {
        templates: { templates: ['a {text}', 'b {text}'] },
        synonyms: { share: 0.1, synonyms: 'a: b' },
        deletion: { share: 0.1 },
        swap: { share: 0.1 },
      },
    });
  });

  it('hold the task, the prompt and the writer', () => {
    const { write } = more().state;
    const prompts = { variations: 'v', answers: 'a', prefixes: 'x', pairs: 'p' };
    const service = { address: 'https://a.example/v1', model: ' m ', key: 'k' };
    expect(writingRequest(write, service, {}, prompts, 7)).toEqual({
      task: { kind: 'variations', query: {} },
      prompt: 'v\n[{"question": "…", "answer": "…"}]',
      count: 3,
      most: 20,
      writer: { kind: 'model', side: 'base', seed: 7, maxTokens: 1024, temperature: 0.8 },
    });
    const pairs = { ...write, task: 'pairs' as const, document: 'x', prompts: { pairs: 'own' } };
    expect(writingRequest({ ...pairs, writer: 'service' }, service, {}, prompts, 7)).toMatchObject({
      task: { kind: 'pairs', document: 'x', chunk: 2000 },
      prompt: 'own',
      writer: {
        kind: 'endpoint',
        address: service.address,
        model: 'm',
        key: 'k',
        parallel: 2,
        perMinute: 30,
      },
    });
    const answers = writingRequest({ ...write, task: 'answers', questions: 'q' }, service, {}, prompts, 7);
    expect([answers.count, answers.task]).toEqual([1, { kind: 'answers', questions: 'q' }]);
    const prefixes = { ...write, task: 'prefixes' as const, questions: 'q', prefixTokens: 8 };
    const sampled = { kind: 'prefixes', query: {}, tokens: 8, whole: 0.1, seed: 7 };
    for (const ownQuestions of [true, false]) {
      const request = writingRequest({ ...prefixes, ownQuestions }, service, {}, prompts, 7);
      expect(request).toMatchObject({ task: sampled, prompt: 'x', count: 1 });
      expect(request.task).toHaveProperty('questions', ownQuestions ? 'q' : undefined);
    }
  });
});

it('shows a question and its answer, or a text', () => {
  expect(shownTexts({ instruction: 'a', input: 'b', output: 'c' })).toEqual(['a\nb', 'c']);
  expect(shownTexts({ text: 'a' })).toEqual(['a']);
  const messages = [
    { role: 'system', content: 's' },
    { role: 'user', content: 'q' },
    { role: 'assistant', content: 'a' },
  ];
  expect(shownTexts({ messages })).toEqual(['q', 'a']);
  expect([shownTexts({ a: 1 }), shownTexts('x'), shownTexts({ messages: [] })]).toEqual(
    Array(3).fill(undefined),
  );
});
