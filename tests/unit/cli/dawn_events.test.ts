import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { askDawnCalmly } from '../../../src/cli/dawn_events';

const original = globalThis.setImmediate;
let now = 0;
const immediate = vi.fn<(callback: () => void) => void>();
const timeout = vi.fn<(callback: () => void, milliseconds: number) => void>();
beforeEach(() => {
  now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  vi.stubGlobal('setImmediate', immediate);
  vi.stubGlobal('setTimeout', timeout);
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  vi.clearAllMocks();
});

/** A function that looks like one of a native module: a bound one without its name. */
const nativeOf = (work: () => void): (() => void) =>
  Object.defineProperty(work.bind(undefined), 'name', { value: '' });

/** Starts a wait of Dawn, which asks again whenever it is called. Returns its callback. */
function wait(): () => void {
  const native = nativeOf(() => void setImmediate(native));
  setImmediate(native);
  return native;
}

it('lets Dawn ask at once, and once a millisecond after a moment', () => {
  askDawnCalmly();
  wait();
  expect(immediate).toHaveBeenCalledTimes(1);
  now = 1.9;
  immediate.mock.lastCall?.[0]();
  expect(immediate).toHaveBeenCalledTimes(2);
  expect(timeout).not.toHaveBeenCalled();
  now = 2;
  immediate.mock.lastCall?.[0]();
  expect(timeout).toHaveBeenLastCalledWith(expect.any(Function), 1);
  now = 3;
  timeout.mock.lastCall?.[0]();
  expect(timeout).toHaveBeenCalledTimes(2);
  // The next wait begins without a pause.
  wait();
  expect(immediate).toHaveBeenCalledTimes(3);
});

it('gives other callers the original, also those with bound functions and within a wait', () => {
  askDawnCalmly();
  const bound = (() => undefined).bind(undefined);
  const resolves: (() => void)[] = [];
  void new Promise<void>((resolve) => resolves.push(resolve));
  for (const other of [() => undefined, bound, ...resolves]) {
    const native = nativeOf(() => void setImmediate(other));
    setImmediate(native);
    now += 5;
    immediate.mock.lastCall?.[0]();
    expect(immediate).toHaveBeenLastCalledWith(other);
  }
  expect(timeout).not.toHaveBeenCalled();
});

it('keeps the variant of setImmediate that returns a promise', async () => {
  vi.stubGlobal('setImmediate', original);
  askDawnCalmly();
  expect(await promisify(setImmediate)('value')).toBe('value');
});

it('leaves Windows alone, whose timers take longer', () => {
  askDawnCalmly('win32');
  expect(globalThis.setImmediate).toBe(immediate);
});
