import { describe, expect, it } from 'vitest';
import { DEFAULTS } from '../../../../src/core/settings/settings';
import type { ChatContext } from '../../../../src/session/chat/conversation';
import {
  keptLimits,
  readPrompts,
  SampleAnswers,
  samplePromptsOf,
  type SamplePrompt,
} from '../../../../src/session/chat/sample_answers';
import { fullLimits } from '../../../../src/train/samples';
import type { Answer, SampleEvent } from '../../../../src/train/events';

const END = 0;
const prompts: readonly SamplePrompt[] = ['Who?', 'Why?', 'How?'].map((prompt, i) => ({
  prompt,
  ids: [i + 1, i + 1],
}));

/** A chat that says the letter of a prompt again and again, at a pace of so many milliseconds a token. */
function toyChat(milliseconds: number, length = 100) {
  let time = 0;
  let first = 0;
  let said = 0;
  const answer = (tokens: readonly number[]) => {
    if (tokens.length > 1) {
      first = tokens[0]!;
      said = 0;
    }
    time += milliseconds;
    return said++ < length ? 96 + first : END;
  };
  const generator = {
    room: 2048,
    remember: () => Promise.reject(new Error('the prompts are short')),
    next: () => Promise.reject(new Error('greedy answers need the likeliest alone')),
    logits: () => Promise.reject(new Error('greedy answers need the likeliest alone')),
    likeliest: (tokens: readonly number[]) =>
      Promise.resolve({
        scores: Float32Array.of(1, 0),
        ids: Uint32Array.of(answer(tokens), 1),
        bound: 0,
      }),
  };
  const tokenizer = {
    stream: () => ({ push: (id: number) => String.fromCharCode(id), end: () => '' }),
  };
  return {
    generator,
    chat: { tokenizer, stopIds: new Set([END]) },
    prompts,
    now: () => time,
    kept: undefined,
  };
}

const steps = 100;
const never = new AbortController().signal;
const lengths = (answers: readonly Answer[] | undefined) => answers?.map(({ answer }) => answer.length);

describe('the answers to the sample prompts', () => {
  it('are whole on a fast device, and come piece by piece', async () => {
    const samples = new SampleAnswers({ ...toyChat(10), run: { steps, trainSeconds: 60 } });
    expect(samples.roundSeconds).toBeUndefined();
    const told: { fraction: number; last: string | undefined }[] = [];
    const answers = await samples.answer(never, (fraction, so) =>
      told.push({ fraction, last: so.at(-1)?.answer }),
    );
    expect(lengths(answers)).toEqual([48, 48, 48]);
    expect(answers?.map(({ answer }) => answer[0])).toEqual(['a', 'b', 'c']);
    expect(samples.limits).toEqual(fullLimits(3));
    expect(samples.roundSeconds).toBeCloseTo(3 * 0.49, 9);
    expect(told.map(({ fraction }) => fraction)).toEqual(
      told.map(({ fraction }) => fraction).sort((a, b) => a - b),
    );
    expect(told.slice(0, 3).map(({ last }) => last)).toEqual(['', 'a', 'aa']);
    expect(told.at(-1)!.fraction).toBe(1);
  });

  it('become fewer and shorter within the first one on a slow device, and stay so', async () => {
    const samples = new SampleAnswers({ ...toyChat(5000), run: { steps, trainSeconds: 60 } });
    const first = await samples.answer(never, () => undefined);
    expect(lengths(first)).toEqual([16]);
    expect(samples.limits).toEqual({ of: 3, prompts: 1, tokens: 16, rounds: 1 });
    expect(await samples.answer(never, () => undefined)).toEqual(first);
  });

  it('are as a run had them that goes on, whatever the pace is now', async () => {
    const kept = { of: 3, prompts: 2, tokens: 24, rounds: 1 };
    const samples = new SampleAnswers({ ...toyChat(1), kept, run: { steps, trainSeconds: 60 } });
    expect(lengths(await samples.answer(never, () => undefined))).toEqual([24, 24]);
    expect(samples.limits).toEqual(kept);
    expect(samples.roundSeconds).toBeCloseTo(2 * 0.025, 9);
  });

  it('may end by themselves before they can be timed', async () => {
    const samples = new SampleAnswers({ ...toyChat(10, 1), run: { steps, trainSeconds: 60 } });
    expect(lengths(await samples.answer(never, () => undefined))).toEqual([1, 1, 1]);
    expect(samples.limits).toEqual(fullLimits(3));
  });

  it('end at once when the run is stopped', async () => {
    const stop = new AbortController();
    const samples = new SampleAnswers({ ...toyChat(10), run: { steps, trainSeconds: 60 } });
    let told = 0;
    const tell = () => {
      if (++told === 5) stop.abort();
    };
    expect(await samples.answer(stop.signal, tell)).toBeUndefined();
    expect(told).toBe(5);
  });
});

describe('the sample prompts of a run', () => {
  it('are those of the examples, the person’s, or none', () => {
    const dataset = { samplePrompts: ['Who?'] };
    expect(samplePromptsOf(DEFAULTS, dataset)).toEqual(['Who?']);
    expect(samplePromptsOf({ sample_prompts: ['Why?'] }, dataset)).toEqual(['Why?']);
    expect(samplePromptsOf({ sample_prompts: [] }, dataset)).toEqual([]);
  });

  it('leave out what the model can’t answer, and tell of it', () => {
    const context = {
      tokenizer: { encode: (text: string) => Array.from(text, (_, i) => i + 1) },
      template: {
        render: ([message]: readonly { content: string }[]) => {
          if (message!.content === 'refused') throw new Error('no');
          return message!.content;
        },
      },
    } as unknown as ChatContext;
    expect(readPrompts(context, ['short', 'refused', 'much too long'], 8)).toEqual({
      read: [{ prompt: 'short', ids: [1, 2, 3, 4, 5] }],
      unanswerable: ['refused', 'much too long'],
    });
  });

  it('have the limits of before if they are the same, and new ones else', () => {
    const limits = { of: 3, prompts: 1, tokens: 16, rounds: 1 };
    const event = (answers: readonly Answer[]): SampleEvent => ({
      event: 'sample',
      step: 0,
      answers,
      limits,
    });
    const history = [event([{ prompt: 'Who?', answer: 'I.' }])];
    expect(keptLimits(history, prompts)).toEqual(limits);
    expect(keptLimits(history, prompts.slice(1))).toBeUndefined();
    expect(keptLimits(history, [...prompts].reverse())).toBeUndefined();
    expect(keptLimits([], prompts)).toBeUndefined();
  });
});
