import 'fake-indexeddb/auto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CATALOGUES } from '../../../src/core/messages/languages';
import { TUNED, clearConversations, conversation, exchange, said, settled, speaking } from './chat';

beforeEach(clearConversations);
afterEach(() => void vi.unstubAllGlobals());

describe('conversations', () => {
  it('belong to the model and the adapter that answered: another begins a new one, the former can be opened', async () => {
    const world = conversation();
    const { chat, asked } = world;
    await exchange(world, 'Who?', 'I');
    const { id } = chat.conversation!;
    speaking.current = { key: 'tiny+bard', model: 'tiny', adapter: 'bard' };
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
    expect(later.chat.conversation).toMatchObject({
      speaker: speaking.current,
      turns: [{ question: 'And now?' }],
    });
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
    speaking.current = { ...TUNED, adapter };
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
