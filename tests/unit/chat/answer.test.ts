import { describe, expect, it } from 'vitest';
import { answer, type AnswerOptions } from '../../../src/chat/answer';
import type { Likeliest } from '../../../src/models/generation';

const END = 255;
const greedy = { temperature: 0, top_p: 1, top_k: 0, repetition_penalty: 1, seed: 0, max_new_tokens: 100 };

/** Says the bytes of `text` one after the other, then END. A byte is a token. */
function speaker(text: string, room = 1000) {
  const script = [...new TextEncoder().encode(text), END];
  const calls: { call: string; tokens: number; past: number }[] = [];
  let prompt = 0;
  let logits = new Float32Array(256);
  const run = (call: string, tokens: readonly number[], past: number): void => {
    calls.push({ call, tokens: tokens.length, past });
    const count = past + tokens.length;
    if (count > room) throw new Error('context_full');
    if (tokens.length > 1) prompt = count;
    logits = new Float32Array(256);
    logits[script[count - prompt] ?? END] = 1;
  };
  return {
    room,
    calls,
    remember: async (tokens: readonly number[], past: number): Promise<void> => {
      await Promise.resolve();
      run('remember', tokens, past);
    },
    next: async (tokens: readonly number[], past: number): Promise<Float32Array> => {
      await Promise.resolve();
      run('next', tokens, past);
      return logits;
    },
    likeliest: async (tokens: readonly number[], past: number): Promise<Likeliest> => {
      await Promise.resolve();
      run('likeliest', tokens, past);
      const id = logits.indexOf(1);
      // All other scores are left out: enough for the likeliest token, but not for a second one.
      return { scores: Float32Array.of(0, 1), ids: Uint32Array.of(id === 0 ? 1 : 0, id), bound: 0 };
    },
    logits: async (): Promise<Float32Array> => {
      await Promise.resolve();
      calls.push({ call: 'logits', tokens: 0, past: 0 });
      return logits;
    },
  };
}

const tokenizer: AnswerOptions['tokenizer'] = {
  stream() {
    const decoder = new TextDecoder();
    return {
      push: (id) => decoder.decode(Uint8Array.of(id), { stream: true }),
      end: () => decoder.decode(),
    };
  },
};

const promptIds = [1, 2, 3];
const common = { tokenizer, promptIds, sampling: greedy, stopIds: new Set([END]) };

describe('an answer', () => {
  it('streams whole characters and ends at a stop token, which is no part of it', async () => {
    const deltas: string[] = [];
    const result = await answer({
      ...common,
      generator: speaker('Grün 🦜'),
      onText: (delta) => deltas.push(delta),
    });
    expect(result.text).toBe('Grün 🦜');
    expect(result.stoppedBy).toBe('stop_token');
    expect(result.tokens).toBe(new TextEncoder().encode('Grün 🦜').length);
    expect(deltas.join('')).toBe(result.text);
    expect(deltas).toContain('ü');
    expect(deltas).toContain('🦜');
  });

  it('takes the prompt in parts and then a token at a time', async () => {
    const generator = speaker('ab');
    await answer({ ...common, promptIds: Array.from({ length: 300 }, () => 7), generator });
    expect(generator.calls).toEqual([
      { call: 'remember', tokens: 256, past: 0 },
      { call: 'likeliest', tokens: 44, past: 256 },
      { call: 'likeliest', tokens: 1, past: 300 },
      { call: 'likeliest', tokens: 1, past: 301 },
    ]);
  });

  it('reads all logits where the likeliest tokens do not decide, and no others where any token may come', async () => {
    const callsOf = async (sampling: typeof greedy): Promise<string[]> => {
      const generator = speaker('');
      // The chances of all tokens but END are tiny.
      await answer({ ...common, sampling: { ...sampling, temperature: 0.01 }, generator });
      return generator.calls.map(({ call }) => call);
    };
    expect(await callsOf({ ...greedy, top_k: 1 })).toEqual(['likeliest']);
    expect(await callsOf({ ...greedy, top_k: 2 })).toEqual(['likeliest', 'logits']);
    expect(await callsOf({ ...greedy, top_k: 0 })).toEqual(['next']);
  });

  it('ends after max_new_tokens, and computes nothing for what it will not say', async () => {
    const generator = speaker('abcdef');
    const result = await answer({ ...common, sampling: { ...greedy, max_new_tokens: 4 }, generator });
    expect(result).toMatchObject({ text: 'abcd', tokens: 4, stoppedBy: 'length' });
    expect(generator.calls).toHaveLength(4);
  });

  it('ends with the last token whose place the context has', async () => {
    const result = await answer({ ...common, generator: speaker('abcdef', 5) });
    expect(result).toMatchObject({ text: 'abc', stoppedBy: 'length' });
  });

  it('is refused where the prompt does not fit, before anything is computed', async () => {
    const generator = speaker('a', 300);
    const long = Array.from({ length: 400 }, () => 7);
    await expect(answer({ ...common, promptIds: long, generator })).rejects.toThrow('context_full');
    expect(generator.calls).toEqual([{ call: 'likeliest', tokens: 400, past: 0 }]);
  });

  it('keeps what was said when it is stopped, and shows a character that stayed incomplete', async () => {
    const stop = new AbortController();
    let said = 0;
    const generator = speaker('a🦜');
    const { likeliest } = generator;
    generator.likeliest = (tokens, past) => {
      if (++said === 3) stop.abort();
      return likeliest(tokens, past);
    };
    const result = await answer({ ...common, generator, signal: stop.signal });
    expect(result).toMatchObject({ text: 'a\ufffd', tokens: 2, stoppedBy: 'person' });
  });

  it('is empty where it is stopped while it reads the prompt', async () => {
    const generator = speaker('a');
    const result = await answer({ ...common, generator, signal: AbortSignal.abort() });
    expect(result).toMatchObject({ text: '', tokens: 0, tokensPerSecond: 0, stoppedBy: 'person' });
    expect(generator.calls).toHaveLength(0);
  });

  it('counts tokens a second of decoding alone', async () => {
    let clock = 0;
    const generator = speaker('abcd');
    const { likeliest } = generator;
    generator.likeliest = (tokens, past) => {
      clock += tokens.length > 1 ? 60_000 : 500;
      return likeliest(tokens, past);
    };
    const { tokensPerSecond } = await answer({ ...common, generator, now: () => clock });
    expect(tokensPerSecond).toBe(2);
  });
});
