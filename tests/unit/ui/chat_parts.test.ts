import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { TunesmithError } from '../../../src/core/errors';
import { CATALOGUES } from '../../../src/core/messages/languages';
import { speakerOf } from '../../../src/ui/chat/conversation';
import { obstacleTo } from '../../../src/ui/chat/obstacle.svelte';
import { escapes, sends, type Key } from '../../../src/ui/chat/keys';
import { adapterNameOf, speakerName } from '../../../src/ui/chat/speaker';
import { TokenCounter } from '../../../src/ui/chat/token_counter.svelte';
import { language } from '../../../src/ui/language.svelte';
import type { ChatMessage, TokenCount } from '../../../src/worker/protocol';
import { deferred, listedRun, report, runRecord, stubLocalStorage } from './engine';

const asked = (content: string): readonly (readonly ChatMessage[])[] => [[{ role: 'user', content }]];

describe('a token counter', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('counts once the person pauses, the last of what was written', async () => {
    const count = vi.fn(() => Promise.resolve({ tokens: [3], room: 10 }));
    const counter = new TokenCounter(count);
    for (const text of ['W', 'Wh', 'Who']) counter.update(asked(text));
    expect(counter.count).toBeUndefined();
    expect(counter.fresh).toBe(false);
    await vi.advanceTimersByTimeAsync(1000);
    expect(counter.fresh).toBe(true);
    expect(count).toHaveBeenCalledTimes(1);
    expect(count).toHaveBeenCalledWith(asked('Who'));
    expect(counter.count).toEqual({ tokens: [3], room: 10 });
    // The count stays to be seen while the next is made.
    counter.update(asked('Who?'));
    expect(counter).toMatchObject({ count: { tokens: [3] }, fresh: false });
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
    count.mockRejectedValueOnce(
      new TunesmithError({ code: 'chat_template', values: { parsed: true, reason: 'No.' } }),
    );
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
    id: 'an-id',
    origin: 'run-1',
    kind: 'lora',
    title: 'LoRA',
    r: 8,
    lora_alpha: 16,
    target_modules: [],
    parameters: 1,
    notes: [],
  };
  const run = { id: 'run-1', name: undefined, modelName: 'tiny', startedAt: '2026-01-02T03:04:05.000Z' };
  const key = (...given: Parameters<typeof speakerOf>) => speakerOf(...given)?.key;

  it('is undefined without a model, and the base without an adapter', () => {
    expect(speakerOf(undefined, undefined, undefined)).toBeUndefined();
    expect(speakerOf(report(), undefined, undefined)).toMatchObject({ model: 'tiny', adapter: '' });
  });

  it('is another with another model, another way of loading it, or another adapter', () => {
    const keys = [
      key(report(), undefined, undefined),
      key(report({ modelHash: 'another' }), undefined, undefined),
      key(report(), adapter, run),
      // Of a folder of the same name, or of the same run some steps later.
      key(report(), { ...adapter, id: 'another' }, run),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('is the same whatever model and adapter are called', () => {
    const same = key(report(), adapter, run);
    expect(key(report({ name: 'other', repo: 'a/b', commit: '1' }), adapter, { ...run, name: 'bard' })).toBe(
      same,
    );
    expect(key(report(), { ...adapter, origin: 'run-2' }, undefined)).toBe(same);
  });

  it('is stored with the run, which is named by its date in the language of the page', () => {
    stubLocalStorage();
    vi.stubGlobal('document', { documentElement: {}, querySelector: () => null });
    onTestFinished(() => {
      language.choose('en');
      vi.unstubAllGlobals();
    });
    const speaker = speakerOf(report(), adapter, { ...runRecord(), ...run })!;
    expect(speaker.adapter).toEqual(run);
    const removed = { get: () => undefined };
    for (const each of ['en', 'zh'] as const) {
      language.choose(each);
      const name = CATALOGUES[each].runs.defaultName('tiny', run.startedAt);
      expect(adapterNameOf(speaker, removed)).toBe(name);
      expect(speakerName(speaker, removed)).toBe(CATALOGUES[each].chat.withAdapter('tiny', name));
    }
    const renamed = { get: (id?: string) => listedRun({ name: `New name of ${id}` }) };
    expect(adapterNameOf(speaker, renamed)).toBe('New name of run-1');
  });

  it('is named by the imported files, or by the model alone', () => {
    const runs = { get: () => undefined };
    expect(adapterNameOf(speakerOf(report(), adapter, undefined)!, runs)).toBe('run-1');
    expect(speakerName(speakerOf(report(), undefined, undefined)!, runs)).toBe('tiny');
  });
});

describe('why nothing can be sent', () => {
  type Parts = Parameters<typeof obstacleTo>[0];
  const free = {
    work: undefined,
    training: { phase: 'running' },
    chat: { speaker: {}, settings: { problems: new Map() }, counter: { fresh: true }, excess: 0 },
  };
  const obstacle = (changes: object) => obstacleTo({ ...free, ...changes } as unknown as Parts);
  const { chat: words } = CATALOGUES.en;

  it('is nothing if the engine is free, a model is open, and what is written fits', () => {
    expect(obstacle({})).toBeUndefined();
  });

  it.each([
    ['training', { work: { kind: 'training' } }, words.training],
    ['a paused run', { work: { kind: 'training' }, training: { phase: 'paused' } }, words.trainingPaused],
    ['opening a model', { work: { kind: 'opening_model' } }, words.opening],
    ['opening a run', { work: { kind: 'opening_run' } }, words.opening],
    ['what is made ready for training', { work: { kind: 'starting' } }, words.opening],
    ['no model', { chat: { ...free.chat, speaker: undefined } }, words.noModel],
    ['an export', { work: { kind: 'exporting' } }, words.exporting],
    ['an import', { work: { kind: 'importing' } }, words.importing],
    ['a clean-up', { work: { kind: 'reducing' } }, words.reducing],
  ])('is %s', (_, changes, told) => {
    expect(obstacle(changes)).toEqual({ words: told });
  });

  it('is a wrong setting, by its name, which is mended in the settings', () => {
    const settings = { problems: new Map([['top_p', 'too large']]) };
    expect(obstacle({ chat: { ...free.chat, settings } })).toEqual({
      words: words.wrongSetting('top_p'),
      inSettings: true,
    });
  });

  it('is what the template refuses, or too many tokens; not for long if something else is written by now', () => {
    const error = new TunesmithError({ code: 'chat_template', values: { parsed: true, reason: 'No.' } });
    expect(obstacle({ chat: { ...free.chat, counter: { fresh: true, error } } })).toMatchObject({
      outdated: false,
    });
    const full = { fresh: true, count: { tokens: [514], room: 512 } };
    expect(obstacle({ chat: { ...free.chat, counter: full, excess: 2 } })).toEqual({
      words: words.tooLong(2, 512),
      outdated: false,
    });
    const counter = { fresh: false };
    expect(obstacle({ chat: { ...free.chat, counter, excess: 2 } })?.outdated).toBe(true);
  });
});
