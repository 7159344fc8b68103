import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TunesmithError } from '../../../src/core/errors';
import { BASE, clearConversations, conversation, exchange, failed, said, settled, speaking } from './chat';

beforeEach(clearConversations);
afterEach(() => void vi.unstubAllGlobals());

describe('an answer', () => {
  it('of each side comes as it is said, and both count as answering until they have ended', async () => {
    const { chat, asked } = conversation();
    chat.system.change('Be brief.');
    chat.write(' Who? ');
    const first = chat.send();
    expect(chat.draft).toBe('');
    expect(chat.progress).toEqual({ base: 'waiting', tuned: 'waiting' });
    const { tell, done } = asked[0]!;
    tell({ kind: 'begun', together: true });
    tell({ kind: 'text', side: 'tuned', delta: 'Arr' });
    tell({ kind: 'text', side: 'base', delta: 'I' });
    tell({ kind: 'text', side: 'tuned', delta: '.' });
    expect(chat.together).toBe(true);
    expect(chat.progress).toEqual({ base: 'writing', tuned: 'writing' });
    expect(chat.turns).toEqual([{ question: 'Who?', base: { text: 'I' }, tuned: { text: 'Arr.' } }]);
    // The device was lost: the answer begins anew.
    tell({ kind: 'again', side: 'base' });
    expect(chat.progress.base).toBe('waiting');
    tell({ kind: 'text', side: 'base', delta: 'I' });
    expect(chat.turns[0]?.base?.text).toBe('I');
    tell({ kind: 'ended', ...said('tuned', 'Arr.') });
    expect(chat.progress).toEqual({ base: 'writing', tuned: undefined });
    expect(chat.speaking).toBe('base');
    done.resolve([said('base', 'I am.'), said('tuned', 'Arr.')]);
    await first;
    // The outcome already has the text of late events.
    tell({ kind: 'text', side: 'base', delta: ' am.' });
    expect(chat.turns[0]?.base).toMatchObject({ text: 'I am.', stoppedBy: 'stop_token' });
    expect(chat.speaking).toBeUndefined();

    void chat.send('Why?');
    expect(asked[1]!.requests.map(({ messages }) => messages.map(({ content }) => content))).toEqual([
      ['Be brief.', 'Who?', 'I am.', 'Why?'],
      ['Be brief.', 'Who?', 'Arr.', 'Why?'],
    ]);
    expect(asked[1]!.requests[0]!.messages[0]?.role).toBe('system');
    asked[1]!.done.resolve([]);
  });

  it('has only the base without an adapter, and no side without a model', () => {
    speaking.current = BASE;
    const { chat, asked } = conversation();
    void chat.send('Who?');
    expect(asked[0]!.requests.map(({ side }) => side)).toEqual(['base']);
    asked[0]!.done.resolve([said('base', 'I.')]);
    speaking.current = undefined;
    const nobody = conversation();
    void nobody.chat.send('Who?');
    expect(nobody.asked).toEqual([]);
  });

  it('can be stopped alone or with the other; a stop before the first word leaves the question', async () => {
    const { chat, chats, asked } = conversation();
    await chat.stop();
    expect(chats.stop).not.toHaveBeenCalled();
    const over = chat.send('Who?');
    await chat.stop('base');
    expect(chats.stop).toHaveBeenLastCalledWith('base');
    await chat.stop();
    expect(chats.stop).toHaveBeenLastCalledWith(undefined);
    chats.stop.mockRejectedValueOnce(new TunesmithError({ code: 'worker_failed' }));
    await chat.stop();
    expect(chat.error?.code).toBe('worker_failed');
    asked[0]!.done.resolve([said('base', '', 'person'), said('tuned', 'Ar', 'person')]);
    await over;
    expect(chat.turns).toEqual([
      {
        question: 'Who?',
        base: undefined,
        tuned: expect.objectContaining({ text: 'Ar', stoppedBy: 'person' }) as unknown,
      },
    ]);
  });

  it('that fails half way stands at its side, and is no part of what follows', async () => {
    const { chat, asked } = conversation();
    const over = chat.send('Who?');
    asked[0]!.tell({ kind: 'text', side: 'base', delta: 'Half of' });
    asked[0]!.done.resolve([failed('base', 'device_lost'), said('tuned', 'Arr.')]);
    await over;
    expect(chat.turns[0]).toMatchObject({ base: { text: 'Half of', error: { code: 'device_lost' } } });
    expect(chat.error).toBeUndefined();
    void chat.send('Why?');
    expect(asked[1]!.requests[0]!.messages).toEqual([{ role: 'user', content: 'Why?' }]);
    asked[1]!.done.resolve([]);
  });
});

describe('a question that no side can answer', () => {
  it('does not replace the conversation that is kept', async () => {
    const world = conversation();
    const { chat, asked } = world;
    await exchange(world, 'Who?', 'I');
    const kept = chat.kept.list;
    const over = chat.edit(0, 'A long story');
    const outcomes = [failed('base', 'context_full'), failed('tuned', 'context_full')];
    for (const outcome of outcomes) asked[1]!.tell({ kind: 'ended', ...outcome });
    asked[1]!.done.resolve(outcomes);
    expect(await over).toBe(false);
    expect(chat.turns.map(({ question }) => question)).toEqual(['Who?']);
    expect(chat.kept.list).toEqual(kept);
  });

  it('after a first word leaves the stored conversation unchanged', async () => {
    const world = conversation();
    const { chat, asked } = world;
    await exchange(world, 'Who?', 'I');
    const over = chat.regenerate(['base']);
    asked[1]!.tell({ kind: 'text', side: 'base', delta: 'Half' });
    asked[1]!.tell({ kind: 'again', side: 'base' });
    asked[1]!.done.resolve([failed('base', 'device_lost')]);
    await over;
    await settled(world);
    const reloaded = conversation();
    await reloaded.chat.restore();
    expect(reloaded.chat.turns).toMatchObject([{ question: 'Who?', base: { text: 'I (base)' } }]);

    chat.begin();
    const first = chat.send('First');
    asked[2]!.tell({ kind: 'text', side: 'base', delta: 'Half' });
    asked[2]!.tell({ kind: 'again', side: 'base' });
    asked[2]!.done.resolve([failed('base', 'device_lost'), failed('tuned', 'device_lost')]);
    await first;
    await settled(world);
    await reloaded.chat.kept.refresh();
    expect(reloaded.chat.kept.list).toHaveLength(1);
    expect(chat.conversation).toBeUndefined();
  });

  it('is in the field again, and the reason is told once', async () => {
    const world = conversation();
    const { chat, asked, chats } = world;
    await exchange(world, 'Who?', 'I');
    chat.write('A long story');
    const over = chat.send();
    asked[1]!.done.resolve([failed('base', 'context_full'), failed('tuned', 'context_full')]);
    await over;
    expect(chat.turns.map(({ question }) => question)).toEqual(['Who?']);
    expect(chat.draft).toBe('A long story');
    expect(chat.error).toBeUndefined();
    chats.count.mockResolvedValueOnce({ tokens: [12, 13], room: 10 });
    chat.recount();
    await vi.waitFor(() => expect(chat.excess).toBe(3));
    const again = chat.send();
    asked[2]!.done.reject(new TunesmithError({ code: 'engine_busy', values: { doing: 'training' } }));
    await again;
    expect(chat.error?.code).toBe('engine_busy');
    expect(chat.draft).toBe('A long story');
  });

  it('that the page proposed leaves alone what is being written', async () => {
    const { chat, asked } = conversation();
    chat.write('My own');
    const over = chat.send('Who are you?');
    expect(chat.draft).toBe('My own');
    asked[0]!.done.resolve([failed('base', 'device_lost'), failed('tuned', 'device_lost')]);
    await over;
    expect(chat.draft).toBe('My own');
    expect(chat.conversation).toBeUndefined();
    expect(chat.kept.list).toEqual([]);
  });
});

describe('an answer asked for again', () => {
  it('has another seed each time, of the sides that are asked, and says if it is the same', async () => {
    const world = conversation();
    const { chat, asked } = world;
    chat.settings.set('seed', 2 ** 32 - 1);
    await exchange(world, 'Who?', 'I');
    expect(asked[0]!.requests.map(({ seed }) => seed)).toEqual([undefined, undefined]);
    const over = chat.regenerate(['tuned']);
    expect(asked[1]!.requests).toMatchObject([{ side: 'tuned', seed: 0, messages: [{ content: 'Who?' }] }]);
    // The former answer stands until the first word of the new one.
    expect(chat.turns[0]?.tuned?.text).toBe('I (tuned)');
    asked[1]!.tell({ kind: 'text', side: 'tuned', delta: 'I (' });
    expect(chat.turns[0]?.tuned?.text).toBe('I (');
    asked[1]!.done.resolve([said('tuned', 'I (tuned)')]);
    await over;
    expect(chat.turns[0]?.tuned).toMatchObject({ text: 'I (tuned)', tries: 1, same: true });
    expect(chat.turns[0]?.base?.text).toBe('I (base)');
    void chat.regenerate();
    expect(asked[2]!.requests.map(({ seed }) => seed)).toEqual([0, 1]);
    asked[2]!.done.resolve([]);
  });

  it('keeps what was said if it fails or is stopped before a word', async () => {
    const world = conversation();
    const { chat, asked } = world;
    await exchange(world, 'Who?', 'I');
    const failing = chat.regenerate();
    asked[1]!.done.resolve([failed('base', 'device_lost'), failed('tuned', 'device_lost')]);
    await failing;
    expect(chat.error?.code).toBe('device_lost');
    const stopped = chat.regenerate(['base']);
    asked[2]!.done.resolve([said('base', '', 'person')]);
    await stopped;
    expect(chat.turns[0]).toMatchObject({ base: { text: 'I (base)' }, tuned: { text: 'I (tuned)' } });
  });
});

describe('the stored answers', () => {
  /** The turns that a reload would show. */
  async function afterReload(world: ReturnType<typeof conversation>) {
    await settled(world);
    const { chat } = conversation();
    await chat.restore();
    return chat.turns;
  }
  const both = (question: string, text: string) => ({
    question,
    base: { text: `${text} (base)` },
    tuned: { text: `${text} (tuned)` },
  });

  it('stay until the regenerated ones are whole', async () => {
    const world = conversation();
    const { chat, asked } = world;
    await exchange(world, 'Who?', 'I');
    const over = chat.regenerate();
    const { tell, done } = asked[1]!;
    tell({ kind: 'text', side: 'base', delta: 'He' });
    expect(await afterReload(world)).toMatchObject([both('Who?', 'I')]);
    tell({ kind: 'text', side: 'tuned', delta: 'He' });
    tell({ kind: 'ended', ...said('base', 'He is') });
    expect(await afterReload(world)).toMatchObject([{ ...both('Who?', 'I'), base: { text: 'He is' } }]);
    done.resolve([said('base', 'He is'), failed('tuned', 'device_lost')]);
    await over;
    expect(chat.turns[0]).toMatchObject({ tuned: { text: 'He', error: { code: 'device_lost' } } });
    expect(await afterReload(world)).toMatchObject([{ ...both('Who?', 'I'), base: { text: 'He is' } }]);
  });

  it('stay with their question until the edited one is answered', async () => {
    const world = conversation();
    const { chat, asked } = world;
    await exchange(world, 'Who?', 'I');
    const over = chat.edit(0, 'Who else?');
    const { tell, done } = asked[1]!;
    tell({ kind: 'text', side: 'base', delta: 'He' });
    tell({ kind: 'text', side: 'tuned', delta: 'He' });
    expect(await afterReload(world)).toMatchObject([both('Who?', 'I')]);
    tell({ kind: 'ended', ...said('base', 'He (base)') });
    expect(await afterReload(world)).toMatchObject([both('Who?', 'I')]);
    done.resolve([said('base', 'He (base)'), said('tuned', 'He (tuned)')]);
    expect(await over).toBe(true);
    expect(await afterReload(world)).toMatchObject([both('Who else?', 'He')]);
  });

  it('and their question are back after a stop before the first word of an edited one', async () => {
    const world = conversation();
    const { chat, asked } = world;
    await exchange(world, 'One', 'a');
    await exchange(world, 'Two', 'b');
    for (const index of [1, 0]) {
      const over = chat.edit(index, 'Another');
      asked.at(-1)!.done.resolve([said('base', '', 'person'), said('tuned', '', 'person')]);
      expect(await over).toBe(false);
      expect(chat.error).toBeUndefined();
      expect(chat.turns).toMatchObject([both('One', 'a'), both('Two', 'b')]);
      expect(await afterReload(world)).toMatchObject([both('One', 'a'), both('Two', 'b')]);
      expect(chat.kept.list).toHaveLength(1);
    }
  });
});

describe('a question that is edited', () => {
  it('takes the place of the last, and begins a conversation of its own in the midst of one', async () => {
    const world = conversation();
    const { chat, asked } = world;
    await exchange(world, 'One', 'a');
    await exchange(world, 'Two', 'b');
    const { id } = chat.conversation!;
    const last = chat.edit(1, ' Two, but better ');
    asked[2]!.done.resolve([said('base', 'c'), said('tuned', 'c')]);
    expect(await last).toBe(true);
    expect(chat.conversation?.id).toBe(id);
    expect(chat.turns.map(({ question }) => question)).toEqual(['One', 'Two, but better']);

    const first = chat.edit(0, 'Uno');
    expect(asked[3]!.requests[0]!.messages).toEqual([{ role: 'user', content: 'Uno' }]);
    asked[3]!.done.resolve([said('base', 'd'), said('tuned', 'd')]);
    await first;
    expect(chat.turns.map(({ question }) => question)).toEqual(['Uno']);
    expect(chat.kept.list).toHaveLength(2);
    chat.open(id);
    expect(chat.turns.map(({ question }) => question)).toEqual(['One', 'Two, but better']);
  });

  it('changes nothing if it can not be answered', async () => {
    const world = conversation();
    const { chat, asked } = world;
    await exchange(world, 'One', 'a');
    const over = chat.edit(0, 'x'.repeat(99));
    asked[1]!.done.resolve([failed('base', 'context_full'), failed('tuned', 'context_full')]);
    expect(await over).toBe(false);
    expect(chat.error?.code).toBe('context_full');
    expect(chat.turns).toMatchObject([{ question: 'One', base: { text: 'a (base)' } }]);
    expect(chat.draft).toBe('');
  });
});

describe('tokens', () => {
  it('are counted of what would be sent to each side; nothing to send has none', async () => {
    const world = conversation();
    const { chat, chats } = world;
    vi.useFakeTimers();
    try {
      chat.recount();
      await vi.advanceTimersByTimeAsync(1000);
      expect(chats.count).not.toHaveBeenCalled();
      chat.write(' Who? ');
      chat.recount();
      await vi.advanceTimersByTimeAsync(1000);
      expect(chats.count).toHaveBeenLastCalledWith([
        [{ role: 'user', content: 'Who?' }],
        [{ role: 'user', content: 'Who?' }],
      ]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('are too many where no side has room for them', async () => {
    const { chat, chats } = conversation();
    chat.write('Who?');
    vi.useFakeTimers();
    try {
      for (const [tokens, excess] of [
        [[9, 10], 0],
        [[12, 9], 0],
        [[12, 13], 3],
      ] as const) {
        chats.count.mockResolvedValueOnce({ tokens: [...tokens], room: 10 });
        chat.recount();
        await vi.advanceTimersByTimeAsync(1000);
        expect(chat.excess).toBe(excess);
      }
    } finally {
      vi.useRealTimers();
    }
  });
});

it('keeps its system prompt and its settings, and resets both', () => {
  const { chat } = conversation();
  chat.system.change('Be brief.');
  chat.settings.set('temperature', 0.5);
  const reloaded = conversation().chat;
  expect(reloaded.system.text).toBe('Be brief.');
  expect(reloaded.settings.values?.temperature).toBe(0.5);
  chat.resetSettings();
  expect(conversation().chat.system.text).toBe('');
  expect(conversation().chat.settings.hasChanged('temperature')).toBe(false);
});
