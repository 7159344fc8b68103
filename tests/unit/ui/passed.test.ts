import { expect, it, vi } from 'vitest';
import type { ErrorCode, ErrorDescription } from '../../../src/core/errors';
import { forgetPassed } from '../../../src/ui/passed';

type Parts = Parameters<typeof forgetPassed>[1];

/** Parts of the page that all have this error; they write down what they do about it. */
function parts(code: ErrorCode | undefined, kind: 'demo' | 'hub' = 'hub') {
  const error: ErrorDescription | undefined = code && { code, values: {}, detail: '' };
  const done: string[] = [];
  const note = (what: string) => vi.fn(() => void done.push(what));
  const fake = {
    model: { error, wanted: { kind }, dismiss: note('dismiss model'), again: note('open model') },
    examples: { error, again: note('read examples') },
    search: { error },
    hubData: { error },
    candidate: { error },
    choice: { refresh: note('look at candidate') },
    exports: { exportError: error },
    chat: { kept: { again: note('store conversations') } },
    saved: { error, refresh: note('list saved') },
    runs: {
      error,
      failures: new Map(error ? [['a-run', error]] : []),
      dismiss: note('dismiss run'),
      refresh: note('list runs'),
    },
  } as unknown as Parts;
  return { fake, done };
}

const all = ['dismiss model', 'read examples', 'look at candidate', 'list saved', 'list runs', 'dismiss run'];
/** The page stores conversations again that did not fit, whatever other errors there are. */
const stores = 'store conversations';

it.each([
  ['network', 'endpoint_unreachable'],
  ['token', 'repository_gated'],
  ['full', 'storage_full'],
] as const)('errors of the class %s go away with their cause, and no others', (cause, code) => {
  const over = parts(code);
  forgetPassed(cause, over.fake);
  expect(over.done.filter((each) => each !== stores)).toEqual(all);
  expect(over.done.includes(stores)).toBe(cause === 'full');
  const { search, hubData, exports } = over.fake;
  expect([search.error, hubData.error, exports.exportError]).toEqual([undefined, undefined, undefined]);
  const others = parts('device_lost');
  forgetPassed(cause, others.fake);
  expect(others.done.filter((each) => each !== stores)).toEqual([]);
  expect(others.fake.search.error).toBeDefined();
  expect(others.fake.exports.exportError).toBeDefined();
});

it('the demo is opened again by itself', () => {
  const { fake, done } = parts('demo_missing', 'demo');
  forgetPassed('network', fake);
  expect(done[0]).toBe('open model');
});

it('nothing is done if there is no error', () => {
  const { fake, done } = parts(undefined);
  forgetPassed('network', fake);
  expect(done).toEqual([]);
});
