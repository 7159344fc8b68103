import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TunesmithError } from '../../../src/core/errors';
import { speakerOf } from '../../../src/ui/chat/conversation';
import { escapes, sends, type Key } from '../../../src/ui/chat/keys';
import { TokenCounter } from '../../../src/ui/chat/token_counter.svelte';
import type { ChatMessage, TokenCount } from '../../../src/worker/protocol';
import { deferred, report } from './engine';

const asked = (content: string): readonly (readonly ChatMessage[])[] => [[{ role: 'user', content }]];

describe('a token counter', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('counts once the person pauses, the last of what was written', async () => {
    const count = vi.fn(() => Promise.resolve({ tokens: [3], room: 10 }));
    const counter = new TokenCounter(count);
    for (const text of ['W', 'Wh', 'Who']) counter.update(asked(text));
    expect(counter.count).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1000);
    expect(count).toHaveBeenCalledTimes(1);
    expect(count).toHaveBeenCalledWith(asked('Who'));
    expect(counter.count).toEqual({ tokens: [3], room: 10 });
    counter.update([]);
    expect(counter.count).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1000);
    expect(count).toHaveBeenCalledTimes(1);
  });

  it('makes one count at a time, and shows none that is outdated', async () => {
    const counts: ReturnType<typeof deferred<TokenCount>>[] = [];
    const counter = new TokenCounter(() => {
      counts.push(deferred<TokenCount>());
      return counts.at(-1)!.promise;
    });
    counter.update(asked('one'));
    await vi.advanceTimersByTimeAsync(1000);
    counter.update(asked('two'));
    await vi.advanceTimersByTimeAsync(1000);
    expect(counts).toHaveLength(1);
    counts[0]!.resolve({ tokens: [1], room: 10 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(counter.count).toBeUndefined();
    expect(counts).toHaveLength(2);
    counter.update([]);
    counts[1]!.resolve({ tokens: [2], room: 10 });
    await vi.advanceTimersByTimeAsync(1000);
    expect(counter.count).toBeUndefined();
  });

  it('tells why the template refuses, and counts again afterwards', async () => {
    const count = vi.fn(() => Promise.resolve({ tokens: [3], room: 10 }));
    count.mockRejectedValueOnce(new TunesmithError({ code: 'chat_template', message: 'No.' }));
    const counter = new TokenCounter(count);
    counter.update(asked('Who'));
    await vi.advanceTimersByTimeAsync(1000);
    expect(counter.error?.code).toBe('chat_template');
    counter.update(asked('Who?'));
    await vi.advanceTimersByTimeAsync(1000);
    expect(counter.error).toBeUndefined();
    expect(counter.count?.tokens).toEqual([3]);
  });
});

describe('keys', () => {
  const key = (changes: Partial<Key>): Key => ({
    key: 'Enter',
    keyCode: 13,
    shiftKey: false,
    isComposing: false,
    ...changes,
  });

  it('Enter sends, but for a new line and while an input method composes', () => {
    expect(sends(key({}))).toBe(true);
    expect(sends(key({ shiftKey: true }))).toBe(false);
    expect(sends(key({ key: 'a', keyCode: 65 }))).toBe(false);
    expect(sends(key({ isComposing: true }))).toBe(false);
    // Safari: the composition is over already.
    expect(sends(key({ keyCode: 229 }))).toBe(false);
  });

  it('Escape stops, but for an input method that lets go of its suggestions', () => {
    expect(escapes(key({ key: 'Escape', keyCode: 27 }))).toBe(true);
    expect(escapes(key({ key: 'Escape', keyCode: 27, isComposing: true }))).toBe(false);
    expect(escapes(key({}))).toBe(false);
  });
});

describe('who answers', () => {
  const adapter = {
    origin: 'run-1',
    r: 8,
    lora_alpha: 16,
    target_modules: [],
    parameters: 1,
    notes: [],
  };
  const names = { adapter: 'pirate', step: 8 };

  it('is nobody without a model, and the base without an adapter', () => {
    expect(speakerOf(undefined, undefined, names)).toBeUndefined();
    expect(speakerOf(report(), undefined, names)).toMatchObject({ model: 'tiny', adapter: '' });
  });

  it('is another with another model, commit, adapter, or step of a run', () => {
    const keys = [
      speakerOf(report(), undefined, names),
      speakerOf(report({ name: 'other' }), undefined, names),
      speakerOf(report({ repo: 'a/b', commit: '1' }), undefined, names),
      speakerOf(report({ repo: 'a/b', commit: '2' }), undefined, names),
      speakerOf(report(), adapter, names),
      speakerOf(report(), adapter, { ...names, step: 9 }),
      speakerOf(report(), { ...adapter, origin: 'run-2' }, names),
    ].map((speaker) => speaker?.key);
    expect(new Set(keys).size).toBe(keys.length);
    // A name that was changed is the same adapter's.
    expect(speakerOf(report(), adapter, { ...names, adapter: 'bard' })?.key).toBe(keys[4]);
  });
});
