import { expect, test, vi } from 'vitest';
import { AdaptersState } from '../../../src/ui/chat/adapters.svelte';
import { adapterReport, engineOf } from './engine';

test('weights make a mix, which answers then; an error changes no weight', async () => {
  const all = ['one', 'two', 'three'].map((origin) => ({ ...adapterReport({ origin }), isTuned: false }));
  const mix = vi.fn(() => Promise.resolve([]));
  const list = () => Promise.resolve(all);
  const exports = { importing: false, refresh: vi.fn(() => Promise.resolve()) };
  const onChange = vi.fn();
  const state = new AdaptersState(engineOf({ kept: { list, mix } }), exports, onChange);
  await state.show();
  expect(state.all).toEqual(all);
  state.weights = { one: '0.7' };
  expect(state.canMix).toBe(false);
  state.weights = { one: '0.7', two: 'x' };
  expect(state.canMix).toBe(false);
  state.weights = { one: '0.7', two: '−1', three: ' ' };
  expect(state.canMix).toBe(true);

  mix.mockRejectedValueOnce(new Error('no'));
  await state.mix('mine');
  expect([state.error?.code, state.weights.one, onChange.mock.calls.length]).toEqual([
    'unexpected_error',
    '0.7',
    0,
  ]);

  await state.mix('mine');
  const parts = [
    { name: 'one', weight: 0.7 },
    { name: 'two', weight: -1 },
  ];
  expect(mix).toHaveBeenLastCalledWith(parts, state.settings.values, 'mine');
  expect([state.error, state.weights, exports.importing]).toEqual([undefined, {}, false]);
  expect(exports.refresh).toHaveBeenCalledOnce();
  expect(onChange).toHaveBeenCalledOnce();
});

test('another adapter answers, and one is forgotten', async () => {
  const [use, forget] = [vi.fn(() => Promise.resolve()), vi.fn(() => Promise.resolve())];
  const exports = { importing: false, refresh: vi.fn(() => Promise.resolve()) };
  const onChange = vi.fn();
  const kept = { use, forget, list: () => Promise.resolve([]) };
  const state = new AdaptersState(engineOf({ kept }), exports, onChange);
  await state.use('one');
  expect(use).toHaveBeenCalledExactlyOnceWith('one');
  expect(onChange).toHaveBeenCalledOnce();
  await state.forget('two');
  expect(forget).toHaveBeenCalledExactlyOnceWith('two');
  expect(onChange).toHaveBeenCalledOnce();
});
