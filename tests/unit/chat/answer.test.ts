import { describe, expect, it } from 'vitest';
import { answer, type AnswerOptions } from '../../../src/chat/answer';

const END = 255;
const greedy = { temperature: 0, top_p: 1, top_k: 0, repetition_penalty: 1, seed: 0, max_new_tokens: 100 };

/** Says the bytes of `text` one after the other, then END. A byte is a token. */
function speaker(text: string, room = 1000) {
  const script = [...new TextEncoder().encode(text), END];
  const calls: { tokens: number; past: number }[] = [];
  let prompt = 0;
  return {
    room,
    calls,
    next(tokens: readonly number[], past: number): Promise<Float32Array> {
      calls.push({ tokens: tokens.length, past });
      if (past + tokens.length > room) return Promise.reject(new Error('context_full'));
      if (tokens.length > 1) prompt = past + tokens.length;
      const logits = new Float32Array(256);
      logits[script[past + tokens.length - prompt] ?? END] = 1;
      return Promise.resolve(logits);
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
      { tokens: 256, past: 0 },
      { tokens: 44, past: 256 },
      { tokens: 1, past: 300 },
      { tokens: 1, past: 301 },
    ]);
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
    expect(generator.calls).toEqual([{ tokens: 400, past: 0 }]);
  });

  it('keeps what was said when it is stopped, and shows a character that stayed incomplete', async () => {
    const stop = new AbortController();
    let said = 0;
    const generator = speaker('a🦜');
    const next = generator.next.bind(generator);
    generator.next = (tokens, past) => {
      if (++said === 3) stop.abort();
      return next(tokens, past);
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
    const next = generator.next.bind(generator);
    generator.next = (tokens, past) => {
      clock += tokens.length > 1 ? 60_000 : 500;
      return next(tokens, past);
    };
    const { tokensPerSecond } = await answer({ ...common, generator, now: () => clock });
    expect(tokensPerSecond).toBe(2);
  });
});
