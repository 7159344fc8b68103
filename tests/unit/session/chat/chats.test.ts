import { describe, expect, it, vi } from 'vitest';
import { TunesmithError } from '../../../../src/core/errors';
import { ANSWER_DEFAULTS } from '../../../../src/core/settings/settings';
import {
  Chats,
  type ChatEvent,
  type ChatMessage,
  type ChatRequest,
} from '../../../../src/session/chat/chats';
import { Exclusive } from '../../../../src/session/exclusive';

type ChatSession = ConstructorParameters<typeof Chats>[0];
type ChatOptions = Parameters<ChatSession['chat']>[3];

const ROOM = 100;
const asked = (content: string): readonly ChatMessage[] => [{ role: 'user', content }];
const both: readonly ChatRequest[] = [
  { side: 'base', messages: asked('Who?') },
  { side: 'tuned', messages: asked('Who?') },
];
const full = new TunesmithError({ code: 'context_full', values: { tokens: 9, room: 1 } });

/** A session whose sides say a word a turn; a conversation has as many tokens as its messages have characters. */
function engine(room = true) {
  const log: string[] = [];
  const said = (side: string, count: number) => Array.from({ length: count }, () => side).join('');
  const chat = vi.fn(
    async (
      side: 'base' | 'tuned',
      messages: readonly { content: string }[],
      _: unknown,
      options?: ChatOptions,
    ) => {
      if (tokensOf(messages) > ROOM) throw full;
      for (let words = 0; ; words++) {
        await Promise.resolve();
        const stoppedBy = options?.signal?.aborted ? 'person' : words === 3 ? 'stop_token' : undefined;
        const text = said(side, words);
        if (stoppedBy) return { text, ids: [], tokens: words, tokensPerSecond: 1, stoppedBy } as const;
        log.push(side);
        options?.onText?.(side);
      }
    },
  );
  const session: ChatSession = {
    chat,
    prepareTwo: vi.fn(() => Promise.resolve(room)),
    countTokens: tokensOf,
    room: ROOM,
  };
  const exclusive = new Exclusive();
  return { chats: new Chats(session, exclusive, { template: 'model' }), session, chat, log, exclusive };
}

function tokensOf(messages: readonly { readonly content: string }[]): number {
  return messages.reduce((sum, { content }) => sum + content.length, 0);
}

describe('both sides', () => {
  it('answer in turn where the device has room for two', async () => {
    const { chats, session, chat, log } = engine();
    const events: ChatEvent[] = [];
    const outcomes = await chats.answer(both, ANSWER_DEFAULTS, (event) => events.push(event));
    expect(log).toEqual(['base', 'tuned', 'base', 'tuned', 'base', 'tuned']);
    expect(outcomes).toMatchObject([
      { side: 'base', result: { text: 'basebasebase' } },
      { side: 'tuned', result: { text: 'tunedtunedtuned' } },
    ]);
    expect(events[0]).toEqual({ kind: 'begun', together: true });
    expect(events.slice(-2)).toMatchObject([
      { kind: 'ended', side: 'base' },
      { kind: 'ended', side: 'tuned' },
    ]);
    // Room for the prompt and for all that may be said.
    expect(session.prepareTwo).toHaveBeenCalledWith(Math.min(4 + ANSWER_DEFAULTS.max_new_tokens, ROOM));
    // Only the base has a cache beside the tuned adapter's.
    expect(chat.mock.calls.map(([side, , , options]) => [side, options?.beside])).toEqual([
      ['base', true],
      ['tuned', false],
    ]);
  });

  it('answer one after the other where it has none, and says so before the first word', async () => {
    const { chats, chat, log } = engine(false);
    const events: ChatEvent[] = [];
    await chats.answer(both, ANSWER_DEFAULTS, (event) => events.push(event));
    expect(log).toEqual(['base', 'base', 'base', 'tuned', 'tuned', 'tuned']);
    expect(events[0]).toEqual({ kind: 'begun', together: false });
    expect(chat.mock.calls.every(([, , , options]) => options?.beside === false)).toBe(true);
  });

  it('needs room for one conversation where one side is asked', async () => {
    const { chats, session } = engine();
    await chats.answer([both[1]!], ANSWER_DEFAULTS, () => undefined);
    expect(session.prepareTwo).not.toHaveBeenCalled();
  });
});

describe('a stop', () => {
  const stopsAt = (chats: Chats, side?: 'base' | 'tuned') => (event: ChatEvent) => {
    if (event.kind === 'text' && event.side === 'base') chats.stop(side);
  };

  it('of one side lets the other go on', async () => {
    const { chats } = engine();
    const [base, tuned] = await chats.answer(both, ANSWER_DEFAULTS, stopsAt(chats, 'base'));
    expect(base).toMatchObject({ result: { text: 'base', stoppedBy: 'person' } });
    expect(tuned).toMatchObject({ result: { text: 'tunedtunedtuned', stoppedBy: 'stop_token' } });
  });

  it('of both ends what has begun and what has not', async () => {
    for (const room of [true, false]) {
      const { chats } = engine(room);
      const outcomes = await chats.answer(both, ANSWER_DEFAULTS, stopsAt(chats));
      expect(outcomes).toMatchObject([
        { result: { text: 'base', stoppedBy: 'person' } },
        { result: { text: '', stoppedBy: 'person' } },
      ]);
    }
  });

  it('does not reach into the next question', async () => {
    const { chats } = engine();
    await chats.answer(both, ANSWER_DEFAULTS, () => undefined);
    chats.stop();
    const [base] = await chats.answer(both, ANSWER_DEFAULTS, () => undefined);
    expect(base).toMatchObject({ result: { stoppedBy: 'stop_token' } });
  });
});

describe('a failure', () => {
  it('of one side does not end the other, and keeps others out until both have ended', async () => {
    const { chats, session, exclusive } = engine();
    const { chat } = session;
    session.chat = (side, ...rest) =>
      side === 'base'
        ? Promise.reject(new TunesmithError({ code: 'logits_not_finite' }))
        : chat(side, ...rest);
    const intrusions: Promise<unknown>[] = [];
    const answering = chats.answer(both, ANSWER_DEFAULTS, (event) => {
      if (event.kind === 'ended' && event.side === 'base')
        intrusions.push(exclusive.run('training', () => Promise.resolve()));
    });
    expect(await answering).toMatchObject([
      { side: 'base', error: { code: 'logits_not_finite' } },
      { side: 'tuned', result: { stoppedBy: 'stop_token' } },
    ]);
    await expect(Promise.all(intrusions)).rejects.toMatchObject({ code: 'engine_busy' });
  });

  it('of the device lets those answer once more that it took the answers of, one after the other', async () => {
    const { chats, session, chat } = engine();
    const lost = new TunesmithError({ code: 'device_lost' });
    let losses = 2;
    session.chat = (...asking) => {
      if (losses-- <= 0) return chat(...asking);
      asking[3]?.onText?.('Half');
      return Promise.reject(lost);
    };
    const events: ChatEvent[] = [];
    const outcomes = await chats.answer(both, ANSWER_DEFAULTS, (event) => events.push(event));
    expect(outcomes).toMatchObject([
      { side: 'base', result: { text: 'basebasebase' } },
      { side: 'tuned', result: { text: 'tunedtunedtuned' } },
    ]);
    expect(chat.mock.calls.map(([side, , , options]) => [side, options?.beside])).toEqual([
      ['base', false],
      ['tuned', false],
    ]);
    const told = events.filter(({ kind }) => kind !== 'text').map((event) => event.kind);
    expect(told).toEqual(['begun', 'again', 'ended', 'again', 'ended']);
    losses = 3;
    expect(await chats.answer([both[0]!], ANSWER_DEFAULTS, () => undefined)).toMatchObject([
      { side: 'base', error: { code: 'device_lost' } },
    ]);
  });

  it('of one conversation that does not fit is told of its side', async () => {
    const { chats } = engine();
    const long = asked('x'.repeat(ROOM + 1));
    const requests = [{ side: 'base' as const, messages: long }, both[1]!];
    expect(await chats.answer(requests, ANSWER_DEFAULTS, () => undefined)).toMatchObject([
      { side: 'base', error: { code: 'context_full' } },
      { side: 'tuned', result: { stoppedBy: 'stop_token' } },
    ]);
  });
});

describe('what is asked', () => {
  it('has its own seed where one is given', async () => {
    const { chats, chat } = engine();
    await chats.answer([{ ...both[0]!, seed: 9 }, both[1]!], ANSWER_DEFAULTS, () => undefined);
    expect(chat.mock.calls.map(([, , settings]) => (settings as { seed: number }).seed)).toEqual([
      9,
      ANSWER_DEFAULTS.seed,
    ]);
  });

  it('is counted at any time', async () => {
    const { chats } = engine();
    expect(chats.count([asked('abc'), asked('abcde')])).toEqual({ tokens: [3, 5], room: ROOM });
    expect(chats.count([])).toEqual({ tokens: [], room: ROOM });
    const counted: number[] = [];
    await chats.answer(both, ANSWER_DEFAULTS, () => counted.push(...chats.count([asked('ab')]).tokens));
    expect(counted[0]).toBe(2);
  });
});
