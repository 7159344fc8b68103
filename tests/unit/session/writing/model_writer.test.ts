import { expect, it, vi } from 'vitest';
import { ANSWER_DEFAULTS } from '../../../../src/core/settings/settings';
import type { Answering } from '../../../../src/session/chat/answering';
import { ModelWriter } from '../../../../src/session/writing/model_writer';

it('asks the open model with another seed each time, and tells a cut answer', async () => {
  const chat = vi.fn<Answering['chat']>((_side, _messages, _sampling, options) => {
    options?.onText?.('Y');
    options?.onText?.('es');
    return Promise.resolve({ text: 'Yes', ids: [], tokens: 2, tokensPerSecond: 1, stoppedBy: 'length' });
  });
  const writer = new ModelWriter(
    { chat, countTokens: () => 9 },
    { side: 'tuned', origin: 'm + LoRA', template: 'model', sampling: { ...ANSWER_DEFAULTS, seed: 5 } },
  );
  const told: string[] = [];
  const question = [{ role: 'user' as const, content: 'Well?' }];
  const completion = await writer.complete(question, { onText: (text) => told.push(text) });
  await writer.complete(question, {});
  expect(completion).toEqual({ text: 'Yes', isCut: true, usage: { promptTokens: 9, answerTokens: 2 } });
  expect(told).toEqual(['Y', 'Yes']);
  expect(chat.mock.calls.map(([side, , { seed }]) => [side, seed])).toEqual([
    ['tuned', 5],
    ['tuned', 6],
  ]);
  const stop = new AbortController();
  chat.mockImplementationOnce(() => {
    stop.abort();
    return Promise.resolve({ text: 'Y', ids: [], tokens: 1, tokensPerSecond: 1, stoppedBy: 'person' });
  });
  await expect(writer.complete(question, { signal: stop.signal })).rejects.toMatchObject({
    name: 'AbortError',
  });
});
