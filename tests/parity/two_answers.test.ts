import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answer, type AnswerResult } from '../../src/chat/answer';
import { openFolder } from '../../src/cli/files';
import { Device } from '../../src/gpu/device';
import { readAdapterFiles } from '../../src/models/adapter_files';
import { openCheckpoint } from '../../src/models/files';
import type { Generator } from '../../src/models/generation';
import { adapterBytes, chatMemory } from '../../src/models/memory';
import { loadModel } from '../../src/models/load';
import { modelBytes } from '../../src/models/layout';
import { loadableFolder } from '../../src/session/models/loadable';
import { chatRows, LoadedModel, type TunedAdapter } from '../../src/session/models/loaded';
import { Session } from '../../src/session/session';
import { gpu } from './dawn';
import { loadFixture } from './fixtures';
import { loadSettingsOf } from './load_fixture';

/** Base and tuned adapter answer at the same time: to the bit what each of them says alone. LFM2's caches are rings. */

const TOKENS = 12;
const settings = {
  temperature: 0.8,
  top_p: 1,
  top_k: 5,
  repetition_penalty: 1.1,
  max_new_tokens: TOKENS,
  seed: 7,
};
const tokenizer = { stream: () => ({ push: (id: number) => `${id} `, end: () => '' }) };

let device: Device;
beforeAll(async () => {
  device = await Device.open(gpu, { defaultLimits: true });
});
afterAll(() => {
  device.destroy();
});

describe.each(['qwen3', 'lfm2'] as const)('%s', (family) => {
  const fixture = loadFixture(family);
  const promptIds = fixture.expected.batch[1]!.input_ids;
  let loaded: LoadedModel;
  let adapter: TunedAdapter;

  beforeAll(async () => {
    const checkpoint = await openCheckpoint(await openFolder(fixture.folder, 'model'));
    const model = await loadModel(device, checkpoint, loadSettingsOf('f32'), () => undefined);
    adapter = await readAdapterFiles(await openFolder(fixture.adapterFolder, 'adapter'), checkpoint.spec);
    loaded = new LoadedModel(device, model);
  });
  afterAll(() => {
    loaded.destroy();
  });

  const say = (generator: Generator, onText?: (delta: string) => void, signal?: AbortSignal) =>
    answer({ generator, tokenizer, promptIds, sampling: settings, stopIds: new Set(), onText, signal });
  const ids = (result: AnswerResult) => result.ids;

  test('both answer in turn, each as it does alone, and a stop ends one of them', async () => {
    const alone = {
      base: ids(await say(await loaded.base())),
      tuned: ids(await say(await loaded.tuned(adapter))),
    };
    expect(alone.base).toHaveLength(TOKENS);
    expect(alone.tuned).not.toEqual(alone.base);

    const [base, tuned] = [await loaded.baseBeside(), await loaded.tuned(adapter)];
    const order: string[] = [];
    const together = await Promise.all([
      say(base, () => order.push('base')),
      say(tuned, () => order.push('tuned')),
    ]);
    expect(together.map(ids)).toEqual([alone.base, alone.tuned]);
    // Neither waits until the other has ended.
    for (const side of ['base', 'tuned']) {
      expect(order.indexOf(side)).toBeLessThan(TOKENS / 2);
      expect(order.lastIndexOf(side)).toBeGreaterThan(TOKENS);
    }

    const stop = new AbortController();
    const [stopped, whole] = await Promise.all([say(base, () => stop.abort(), stop.signal), say(tuned)]);
    expect(stopped).toMatchObject({ stoppedBy: 'person', ids: alone.base.slice(0, 1) });
    expect(whole.ids).toEqual(alone.tuned);
  });

  test('two take the memory that is planned for two, and give it back', async () => {
    loaded.dropChat();
    await say(await loaded.baseBeside());
    await say(await loaded.tuned(adapter));
    const { layout } = loaded.model;
    const { limits } = device;
    const options = { cacheRows: chatRows(layout, promptIds.length + TOKENS), limits };
    const base = chatMemory(layout, undefined, options);
    const tuned = chatMemory(layout, adapter.layout, options);
    const allocated = (purpose: string) => device.buffers.allocated.get(purpose) ?? 0;
    expect(allocated('base')).toBe(modelBytes(layout));
    expect(allocated('adapter')).toBe(adapterBytes(adapter.layout));
    expect(allocated('cache')).toBe(base.cache + tuned.cache);
    expect(allocated('chat')).toBe(base.chat + tuned.chat);
    loaded.dropBeside();
    expect(allocated('cache')).toBe(tuned.cache);
    expect(allocated('chat')).toBe(tuned.chat);
  });
});

test('two take what is reckoned for them, also after an answer alone, and give it back', async () => {
  const fixture = loadFixture('qwen3');
  const session = new Session({ openDevice: () => Promise.resolve(device) });
  const folder = await openFolder(fixture.folder, 'model');
  await session.open(await loadableFolder(folder, { name: 'tiny', source: 'files' }, loadSettingsOf('f32')));
  await session.importAdapter(await openFolder(fixture.adapterFolder, 'adapter'));
  const messages = [{ role: 'user' as const, content: 'Who?' }];
  const long = [{ role: 'user' as const, content: 'Who? '.repeat(70) }];
  const short = { ...settings, max_new_tokens: 1 };
  for (const side of ['base', 'tuned'] as const) await session.answering.chat(side, long, short);
  const { layout } = session;
  const adapter = session.requireTuned();
  const tokens = session.answering.countTokens(messages, 'model') + TOKENS;
  const options = { cacheRows: chatRows(layout, tokens), limits: device.limits };
  const base = chatMemory(layout, undefined, options);
  const tuned = chatMemory(layout, adapter.layout, options);
  const cache = () => device.buffers.allocated.get('cache') ?? 0;
  const chat = () => device.buffers.allocated.get('chat') ?? 0;
  expect(cache()).toBeGreaterThan(tuned.cache);
  expect(await session.answering.prepareTwo(tokens)).toBe(true);
  await Promise.all([
    session.answering.chat('base', messages, settings, { beside: true }),
    session.answering.chat('tuned', messages, settings),
  ]);
  const both = [base.cache + tuned.cache, base.chat + tuned.chat];
  expect([cache(), chat()]).toEqual(both);
  // One that is asked alone, and two that are asked again, take nothing more.
  await session.answering.chat('base', messages, settings);
  expect(await session.answering.prepareTwo(tokens)).toBe(true);
  expect([cache(), chat()]).toEqual(both);
  await session.withBase(() => Promise.resolve());
  expect([cache(), chat()]).toEqual([tuned.cache, tuned.chat]);
  session.closeModel();
});
