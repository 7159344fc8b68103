import { expect, test } from 'vitest';
import { MIX_DEFAULTS } from '../../../src/core/settings/mixing';
import { adapterLayout } from '../../../src/models/adapters/layout';
import { Exclusive } from '../../../src/session/exclusive';
import { KeptAdapters } from '../../../src/session/kept_adapters';
import type { TunedAdapter } from '../../../src/session/models/loaded';
import { mixTuned, type MixPart } from '../../../src/session/models/mixed';
import type { Session } from '../../../src/session/session';
import { told } from '../told';
import { tinySpec } from './tiny';

function adapter(value: number, r = 4): TunedAdapter {
  const layout = adapterLayout(tinySpec, { r, lora_alpha: r, target_modules: ['q_proj'] });
  return { layout, parameters: new Float32Array(layout.size).fill(value), frozen: new Float32Array(0) };
}

function keptAdapters() {
  const session = {
    hasModel: true,
    modelHash: 'base',
    tuned: undefined as TunedAdapter | undefined,
    setTuned: (tuned: TunedAdapter) => (session.tuned = tuned),
    mix: (parts: readonly MixPart[], settings: typeof MIX_DEFAULTS) => mixTuned(tinySpec, parts, settings),
  };
  return { session, kept: new KeptAdapters(session as unknown as Session, new Exclusive()) };
}

const names = async (kept: KeptAdapters) =>
  (await kept.list()).map(({ origin, isTuned }) => (isTuned ? `*${origin}` : origin));

test('adapters stay by name until their base is closed, and one of them answers', async () => {
  const { session, kept } = keptAdapters();
  const [one, two] = [adapter(1), adapter(2)];
  await kept.keepNew('style', one);
  await kept.keepNew('style', two);
  // The same one again takes no place of its own.
  await kept.keepNew('style', adapter(2));
  expect(await names(kept)).toEqual(['style', '*style (2)']);
  await kept.use('style');
  expect(session.tuned).toBe(one);
  kept.forget('style (2)');
  expect(await names(kept)).toEqual(['*style']);
  expect(told(await kept.use('style (2)').catch((error: unknown) => error)).code).toBe('adapter_unknown');
  session.modelHash = 'another';
  expect(await names(kept)).toEqual([]);
});

test('a run that went on replaces its former adapter', async () => {
  const { session, kept } = keptAdapters();
  session.tuned = adapter(1);
  kept.keepTuned('run');
  session.tuned = adapter(2);
  kept.keepTuned('run');
  expect(await names(kept)).toEqual(['*run']);
});

test('a mix is kept and answers; one that is refused changes nothing', async () => {
  const { session, kept } = keptAdapters();
  await kept.keepNew('one', adapter(1));
  await kept.keepNew('two', adapter(2, 6));
  const parts = [
    { name: 'one', weight: 0.5 },
    { name: 'two', weight: 1 },
  ];
  const before = session.tuned;
  const refused = kept.mix(parts, { ...MIX_DEFAULTS, combination_type: 'linear' }, 'mix');
  expect(told(await refused.catch((error: unknown) => error)).code).toBe('mix_ranks');
  expect(session.tuned).toBe(before);
  expect(await kept.mix(parts, { ...MIX_DEFAULTS, combination_type: 'cat' }, 'mix')).toEqual([]);
  expect(await names(kept)).toEqual(['one', 'two', '*mix']);
  expect(session.tuned?.layout.settings.r).toBe(10);
});

test('a mix has the template of the first adapter, and says so if another has another one', () => {
  const parts = [
    { name: 'one', weight: 1, tuned: { ...adapter(1), template: 'alpaca' as const } },
    { name: 'two', weight: 1, tuned: { ...adapter(2), template: 'model' as const } },
  ];
  const { tuned, notes } = mixTuned(tinySpec, parts, MIX_DEFAULTS);
  expect(tuned.template).toBe('alpaca');
  expect(notes).toMatchObject([{ code: 'mix_templates', values: { used: 'one', other: 'two' } }]);
});
