import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TunesmithError } from '../../../src/core/errors';
import { ChatState } from '../../../src/ui/chat/chat.svelte';
import type { ChatMessage, ChatResult } from '../../../src/worker/protocol';
import { deferred, engineOf, stubLocalStorage } from './engine';

interface Asked {
  readonly side: string;
  readonly messages: readonly ChatMessage[];
  readonly onText: (delta: string) => void;
  readonly answer: ReturnType<typeof deferred<ChatResult>>;
}

function conversation() {
  const asked: Asked[] = [];
  const chats = {
    answer: (side: string, messages: ChatMessage[], _: unknown, onText: (delta: string) => void) => {
      const answer = deferred<ChatResult>();
      asked.push({ side, messages, onText, answer });
      return answer.promise;
    },
    stop: vi.fn(() => Promise.resolve()),
  };
  return { chat: new ChatState(engineOf({ chats })), chats, asked };
}

const said = (text: string): ChatResult => ({ text, tokens: 1, tokensPerSecond: 9, stoppedBy: 'stop_token' });
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => void stubLocalStorage());
afterEach(() => void vi.unstubAllGlobals());

describe('the conversation', () => {
  it('asks one side after the other, each with its own answers, and shows them as they come', async () => {
    const { chat, asked } = conversation();
    chat.changeSystem('Be brief.');
    const first = chat.ask('Who?', ['base', 'tuned']);
    expect(chat.speaking).toBe('base');
    asked[0]!.onText('I');
    asked[0]!.onText(' am');
    expect(chat.turns[0]).toEqual({ question: 'Who?', base: { text: 'I am' } });
    asked[0]!.answer.resolve(said('I am.'));
    await settled();
    // What comes late is in the result already.
    asked[0]!.onText(' am.');
    expect(chat.turns[0]?.base).toMatchObject({ text: 'I am.', stoppedBy: 'stop_token' });
    expect(chat.speaking).toBe('tuned');
    asked[1]!.answer.resolve(said('Arr.'));
    await first;
    expect(chat.speaking).toBeUndefined();
    void chat.ask('Why?', ['tuned']);
    expect(asked[2]!.messages).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Who?' },
      { role: 'assistant', content: 'Arr.' },
      { role: 'user', content: 'Why?' },
    ]);
    asked[2]!.answer.resolve(said(''));
  });

  it('does not ask the second side after a stop', async () => {
    const { chat, chats, asked } = conversation();
    const over = chat.ask('Who?', ['base', 'tuned']);
    await chat.stop();
    asked[0]!.answer.resolve({ ...said('I'), stoppedBy: 'person' });
    await over;
    expect(asked).toHaveLength(1);
    expect(chat.turns[0]?.tuned).toBeUndefined();
    chats.stop.mockRejectedValueOnce(new TunesmithError({ code: 'worker_failed', message: 'Gone.' }));
    await chat.stop();
    expect(chat.error?.code).toBe('worker_failed');
  });

  it('shows a failure at its answer, asks the other side, and forgets the half answer in what follows', async () => {
    const { chat, asked } = conversation();
    const over = chat.ask('Who?', ['base', 'tuned']);
    asked[0]!.onText('Half of');
    asked[0]!.answer.reject(new TunesmithError({ code: 'device_lost', message: 'Gone.' }));
    await settled();
    asked[1]!.answer.resolve(said('Arr.'));
    await over;
    expect(chat.turns[0]).toMatchObject({ base: { text: 'Half of', error: { code: 'device_lost' } } });
    const next = chat.ask('Why?', ['base']);
    expect(asked[2]!.messages).toEqual([{ role: 'user', content: 'Why?' }]);
    asked[2]!.answer.resolve(said('So.'));
    await next;

    // Nor is it a whole answer after a reload.
    const reloaded = conversation();
    await reloaded.chat.restore();
    expect(reloaded.chat.turns).toMatchObject([
      { question: 'Who?', tuned: { text: 'Arr.' } },
      { question: 'Why?', base: { text: 'So.' } },
    ]);
    void reloaded.chat.ask('And?', ['base']);
    expect(reloaded.asked[0]!.messages.map(({ content }) => content)).toEqual(['Why?', 'So.', 'And?']);
    reloaded.asked[0]!.answer.resolve(said(''));
  });

  it('is back after a reload unless it was cleared or has gone on', async () => {
    const { chat, asked } = conversation();
    const over = chat.ask('Who?', ['base']);
    asked[0]!.answer.resolve(said('I.'));
    await over;
    const quick = conversation();
    const restoring = quick.chat.restore();
    void quick.chat.ask('New?', ['base']);
    await restoring;
    expect(quick.chat.turns.map(({ question }) => question)).toEqual(['New?']);
    chat.clear();
    await settled();
    const reloaded = conversation();
    await reloaded.chat.restore();
    expect(reloaded.chat.turns).toEqual([]);
  });

  it('keeps its system message and its settings, and resets both', () => {
    const { chat } = conversation();
    chat.changeSystem('Be brief.');
    chat.settings.set('temperature', 0.5);
    const reloaded = conversation().chat;
    expect(reloaded.system).toBe('Be brief.');
    expect(reloaded.settings.values?.temperature).toBe(0.5);
    chat.resetSettings();
    expect(conversation().chat.system).toBe('');
    expect(conversation().chat.settings.hasChanged('temperature')).toBe(false);
  });
});
