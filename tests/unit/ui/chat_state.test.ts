import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TunesmithError } from '../../../src/core/errors';
import { CATALOGUES } from '../../../src/core/messages/languages';
import { ChatState } from '../../../src/ui/chat/chat.svelte';
import type { Side, Speaker } from '../../../src/ui/chat/conversation';
import type { ChatEvent, ChatMessage, ChatOutcome } from '../../../src/worker/protocol';
import { deferred, engineOf, stubLocalStorage } from './engine';

interface Request {
  readonly side: Side;
  readonly messages: readonly ChatMessage[];
  readonly seed?: number;
}
interface Asked {
  readonly requests: readonly Request[];
  readonly tell: (event: ChatEvent) => void;
  readonly done: ReturnType<typeof deferred<readonly ChatOutcome[]>>;
}

const TUNED: Speaker = { key: 'tiny+pirate', model: 'tiny', adapter: 'pirate' };
const BASE: Speaker = { key: 'tiny', model: 'tiny', adapter: '' };

let current: Speaker | undefined = TUNED;

function conversation() {
  const asked: Asked[] = [];
  const chats = {
    answer: vi.fn((requests: Request[], _: unknown, tell: (event: ChatEvent) => void) => {
      const done = deferred<readonly ChatOutcome[]>();
      asked.push({ requests, tell, done });
      return done.promise;
    }),
    count: vi.fn(() => Promise.resolve({ tokens: [1], room: 10 })),
    stop: vi.fn(() => Promise.resolve()),
  };
  // A getter: who answers may change under a conversation.
  const chat = new ChatState(engineOf({ chats }), () => current);
  return { chat, chats, asked };
}

const said = (side: Side, text: string, stoppedBy: 'stop_token' | 'person' = 'stop_token'): ChatOutcome => ({
  side,
  result: { text, tokens: 1, tokensPerSecond: 9, stoppedBy },
});
const failed = (side: Side, code: 'context_full' | 'device_lost'): ChatOutcome => ({
  side,
  error: { code, values: { tokens: 9, room: 1 }, detail: '' },
});
/** Everything that was to be kept is. */
const settled = ({ chat }: { chat: ChatState }): Promise<void> => chat.kept.refresh();

/** Asks, and has both sides answer. */
async function exchange({ chat, asked }: ReturnType<typeof conversation>, question: string, answer: string) {
  const over = chat.send(question);
  asked.at(-1)!.done.resolve(asked.at(-1)!.requests.map(({ side }) => said(side, `${answer} (${side})`)));
  await over;
}

beforeEach(async () => {
  current = TUNED;
  stubLocalStorage();
  const { chat } = conversation();
  await chat.restore();
  for (const { id } of chat.kept.list) await chat.remove(id);
});
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
    current = BASE;
    const { chat, asked } = conversation();
    void chat.send('Who?');
    expect(asked[0]!.requests.map(({ side }) => side)).toEqual(['base']);
    asked[0]!.done.resolve([said('base', 'I.')]);
    current = undefined;
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

describe('conversations', () => {
  it('belong to the model and the adapter that answered: another begins a new one, the former can be opened', async () => {
    const world = conversation();
    const { chat, asked } = world;
    await exchange(world, 'Who?', 'I');
    const { id } = chat.conversation!;
    current = { key: 'tiny+bard', model: 'tiny', adapter: 'bard' };
    const later = conversation();
    await later.chat.restore();
    // It is open and readable, and is not what the other adapter has said.
    expect(later.chat.conversation).toMatchObject({ id, speaker: TUNED });
    expect(later.chat.continues).toBe(false);
    await later.chat.regenerate();
    await later.chat.edit(0, 'Who else?');
    expect(later.asked).toEqual([]);
    await exchange(later, 'And now?', 'Thou');
    expect(later.asked[0]!.requests[0]!.messages).toEqual([{ role: 'user', content: 'And now?' }]);
    expect(later.chat.conversation).toMatchObject({ speaker: current, turns: [{ question: 'And now?' }] });
    expect(later.chat.continues).toBe(true);
    later.chat.open(id);
    expect(later.chat.turns.map(({ question }) => question)).toEqual(['Who?']);
    expect(asked).toHaveLength(1);
  });

  it('are back after a reload, the open one open, without what was cut off', async () => {
    const world = conversation();
    const { chat, asked } = world;
    chat.system.change('Be brief.');
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 });
    await exchange(world, 'Old', 'a');
    vi.setSystemTime(2_000_000);
    chat.begin();
    expect(chat.turns).toEqual([]);
    await exchange(world, 'New', 'b');
    chat.write('half a sent');
    void chat.send('Cut');
    asked[2]!.tell({ kind: 'text', side: 'base', delta: 'Half' });
    asked[2]!.tell({ kind: 'ended', ...said('tuned', 'Whole.') });
    await settled(world);
    const reloaded = conversation();
    await reloaded.chat.restore();
    expect(reloaded.chat.turns).toEqual([
      expect.objectContaining({ question: 'New' }),
      { question: 'Cut', base: undefined, tuned: expect.objectContaining({ text: 'Whole.' }) as unknown },
    ]);
    vi.useRealTimers();
    expect(reloaded.chat.draft).toBe('half a sent');
    expect(reloaded.chat.kept.list.map(({ turns }) => turns[0]?.question)).toEqual(['New', 'Old']);
    asked[2]!.done.resolve([]);
  });

  it('bring their system prompt along, and can be removed', async () => {
    const world = conversation();
    const { chat } = world;
    chat.system.change('Be brief.');
    await exchange(world, 'One', 'a');
    const { id } = chat.conversation!;
    chat.begin();
    chat.system.change('Rhyme.');
    chat.open(id);
    expect(chat.system.text).toBe('Be brief.');
    expect(chat.system.isOwn).toBe(false);
    const reopened = conversation().chat;
    await reopened.restore();
    expect(reopened.system.text).toBe('Be brief.');
    // A change counts for this conversation alone.
    chat.system.change('Be long.');
    await exchange(world, 'Two', 'b');
    expect(world.asked[1]!.requests[0]!.messages[0]?.content).toBe('Be long.');
    chat.begin();
    expect(chat.system).toMatchObject({ text: 'Rhyme.', isOwn: true });
    expect(conversation().chat.system.text).toBe('Rhyme.');
    await exchange(world, 'Three', 'c');
    expect(chat.conversation?.system).toBe('Rhyme.');
    await chat.remove(chat.conversation!.id);
    chat.open(id);
    await chat.remove(id);
    expect(chat.conversation).toBeUndefined();
    const reloaded = conversation();
    await reloaded.chat.restore();
    expect(reloaded.chat.kept.list).toEqual([]);
  });

  it('keep which run answered, not what it was called', async () => {
    const adapter = {
      id: 'a-run',
      name: undefined,
      modelName: 'tiny',
      startedAt: '2026-01-02T03:04:05.000Z',
    };
    current = { ...TUNED, adapter };
    const world = conversation();
    await exchange(world, 'Who?', 'I');
    await settled(world);
    const reloaded = conversation();
    await reloaded.chat.restore();
    expect(reloaded.chat.conversation?.speaker.adapter).toEqual(adapter);
    expect(reloaded.chat.sides).toEqual(['base', 'tuned']);
  });

  it('stay as they are while one is being answered', async () => {
    const world = conversation();
    const { chat, asked } = world;
    await exchange(world, 'One', 'a');
    const { id } = chat.conversation!;
    chat.begin();
    const over = chat.send('Two');
    chat.open(id);
    chat.begin();
    void chat.send('Three');
    expect(asked).toHaveLength(2);
    asked[1]!.done.resolve([said('base', 'b'), said('tuned', 'b')]);
    await over;
    expect(chat.turns.map(({ question }) => question)).toEqual(['Two']);
  });

  it('are none where the browser keeps none', async () => {
    vi.stubGlobal('indexedDB', undefined);
    const { chat } = conversation();
    await chat.restore();
    expect(chat.turns).toEqual([]);
  });
});

describe('two tabs', () => {
  const questions = ({ turns }: { turns: readonly { question: string }[] }) =>
    turns.map(({ question }) => question);
  /** Both tabs with the same conversation open, of one question. */
  async function both() {
    const one = conversation();
    await exchange(one, 'Who?', 'I');
    await settled(one);
    const two = conversation();
    await two.chat.restore();
    return { one, two };
  }

  it('that go on with the same conversation make two of it, and nothing is lost', async () => {
    const { one, two } = await both();
    await exchange(one, 'In one', 'a');
    await settled(one);
    await exchange(two, 'In two', 'b');
    await settled(two);
    expect(questions(two.chat)).toEqual(['Who?', 'In two']);
    expect(two.chat.conversation?.id).not.toBe(one.chat.conversation?.id);
    await exchange(one, 'In one again', 'c');
    await exchange(two, 'In two again', 'd');
    await settled(one);
    await settled(two);
    const later = conversation();
    await later.chat.restore();
    expect(later.chat.kept.list.map(questions).sort()).toEqual([
      ['Who?', 'In one', 'In one again'],
      ['Who?', 'In two', 'In two again'],
    ]);
    // Each goes on under its own id after a reload.
    expect(questions(later.chat)).toEqual(['Who?', 'In two', 'In two again']);
  });

  it('that answer at the same time keep both answers', async () => {
    const { one, two } = await both();
    const overs = [one, two].map(({ chat }, tab) => chat.send(`In ${tab}`));
    for (const { asked } of [one, two]) {
      asked.at(-1)!.tell({ kind: 'text', side: 'base', delta: 'Some' });
      asked.at(-1)!.tell({ kind: 'ended', ...said('base', 'Some words') });
      asked.at(-1)!.done.resolve([said('base', 'Some words'), said('tuned', 'Others')]);
    }
    await Promise.all(overs);
    await settled(one);
    await settled(two);
    await one.chat.kept.refresh();
    expect(one.chat.kept.list.map(questions).sort()).toEqual([
      ['Who?', 'In 0'],
      ['Who?', 'In 1'],
    ]);
    for (const { turns } of one.chat.kept.list) {
      expect(turns[1]).toMatchObject({ base: { text: 'Some words' }, tuned: { text: 'Others' } });
    }
  });

  it('see what the other has kept once the list is opened, and go on from there', async () => {
    const { one, two } = await both();
    const { id } = one.chat.conversation!;
    await exchange(one, 'In one', 'a');
    await settled(one);
    two.chat.begin();
    await two.chat.kept.refresh();
    two.chat.open(id);
    await settled(one);
    await exchange(two, 'In two', 'b');
    await settled(two);
    await one.chat.kept.refresh();
    expect(one.chat.kept.list.map(questions)).toEqual([['Who?', 'In one', 'In two']]);
  });

  it('each show their own conversation with its own prompt after a reload', async () => {
    const { one, two } = await both();
    two.chat.begin();
    two.chat.system.change('Rhyme.');
    await exchange(two, 'Prompted', 'b');
    two.chat.begin();
    two.chat.system.change('');
    two.chat.open(two.chat.kept.list[0]!.id);
    one.chat.begin();
    await exchange(two, 'Prompted again', 'c');
    await settled(two);
    const reloaded = conversation();
    await reloaded.chat.restore();
    expect(questions(reloaded.chat)).toEqual(['Prompted', 'Prompted again']);
    expect(reloaded.chat.system.text).toBe('Rhyme.');
  });

  it('do not bring back what the other has removed, but what is said in it is kept', async () => {
    const { one, two } = await both();
    const { id } = one.chat.conversation!;
    await one.chat.remove(id);
    await exchange(two, 'Still here?', 'b');
    await settled(two);
    await one.chat.kept.refresh();
    expect(one.chat.kept.list.map(questions)).toEqual([['Who?', 'Still here?']]);
    expect(one.chat.kept.list[0]?.id).not.toBe(id);
  });
});

describe('a browser that keeps no more', () => {
  it('is told of once, and again only after it has kept something', async () => {
    const world = conversation();
    const { chat } = world;
    const failure = () => chat.kept.failure?.code;
    await exchange(world, 'One', 'a');
    await settled(world);
    const full = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('The disk is full.', 'QuotaExceededError');
    });
    await exchange(world, 'Two', 'b');
    await settled(world);
    expect(failure()).toBe('conversation_not_kept');
    for (const { errors } of Object.values(CATALOGUES))
      expect(errors.conversation_not_kept.hint).not.toBe('');
    chat.kept.failure = undefined;
    await exchange(world, 'Three', 'c');
    await settled(world);
    expect(failure()).toBeUndefined();
    // It is in the list as long as the page is open.
    await chat.kept.refresh();
    expect(chat.kept.list.map(({ turns }) => turns.length)).toEqual([3]);
    full.mockRestore();
    await exchange(world, 'Four', 'd');
    await settled(world);
    const reloaded = conversation();
    await reloaded.chat.restore();
    expect(reloaded.chat.turns).toHaveLength(4);
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('The disk is full.', 'QuotaExceededError');
    });
    await exchange(world, 'Five', 'e');
    await settled(world);
    expect(failure()).toBe('conversation_not_kept');
    vi.restoreAllMocks();
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
