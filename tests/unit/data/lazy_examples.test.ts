import { expect, it, vi } from 'vitest';
import type { TokenizedExample } from '../../../src/data/batches';
import { LazyExamples } from '../../../src/data/lazy_examples';

const example = (tokens: number): TokenizedExample => ({
  ids: new Uint32Array(tokens),
  trained: new Uint8Array(tokens),
});

it('an example that was not kept is kept once it is made, and so are those after it', async () => {
  const [large, small] = [example(2 ** 20), example(3)];
  const from = new LazyExamples(() => Promise.resolve([small]));
  // 5 MiB each: more than 64 MiB together.
  for (let row = 0; row < 14; row++) from.add(row, [large]);
  from.add(14, [small]);
  const make = vi.fn(() => Promise.resolve([example(3)]));
  const list = new LazyExamples(make);
  list.addAgain(0, from, 14, 15);
  list.addAgain(1, from, 0, 1);
  expect(await list.at(1)).toBe(large);
  expect(make).not.toHaveBeenCalled();
  expect(await list.at(0)).toBe(await list.at(0));
  expect(make).toHaveBeenCalledOnce();
  list.truncate(0);
  list.add(0, [small]);
  expect(await list.at(0)).toBe(small);
});
