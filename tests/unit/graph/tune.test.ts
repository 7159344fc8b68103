import { expect, test } from 'vitest';
import { Choices } from '../../../src/gpu/choices';
import { plan, type Plan } from '../../../src/graph/plan';
import { Trace } from '../../../src/graph/trace';
import type { Trial, TrialBench } from '../../../src/graph/trial';
import { chosenKernels, tune } from '../../../src/graph/tune';
import { choose } from '../../../src/ops/choice';
import { defineOp, f32, read, write, type Dispatch, type Op, type Tensor } from '../../../src/ops/op';

const limits = {
  maxStorageBufferBindingSize: 2 ** 27,
  maxBufferSize: 2 ** 28,
  maxComputeWorkgroupsPerDimension: 65535,
};
const CAPACITY = 64;
/** Of a product: rows × SIZE × SIZE. */
const SIZE = 512;

interface Inputs extends Record<string, Tensor> {
  readonly x: Tensor;
}

/** A product with some algorithms, between dispatches that it always has. */
function productOf(
  shape: string,
  candidates: readonly string[],
  plain?: string,
): Op<Inputs, { y: Tensor }, null> {
  return defineOp<Inputs, { y: Tensor }, null>({
    name: 'product',
    lower({ inputs: { x }, outputs: { y } }, lowering) {
      const kernel = choose(lowering.limits.choose, { op: 'product', shape, candidates, plain });
      const middle = lowering.temporary('middle', f32('rows', SIZE));
      const dispatch = (name: string, from: Tensor, to: Tensor): Dispatch => ({
        kernel: name,
        bindings: [read(from), write(to)],
        workgroups: (rows) => [rows, 1, 1],
        flops: (rows) => rows * SIZE * SIZE,
      });
      return [dispatch('prepare', x, middle), dispatch(kernel, middle, y)];
    },
  });
}

/** A program of products, asked with the choices that are known. */
function programOf(choices: Choices, products: readonly Op<Inputs, { y: Tensor }, null>[]): Plan {
  const trace = new Trace();
  let x = trace.bound('x', 'f32', ['rows', SIZE]);
  for (const product of products) x = trace.apply(product, { x }, { y: f32('rows', SIZE) }, null).y;
  return plan(trace, trace.nodes, { capacity: CAPACITY, limits: { ...limits, choose: choices.choose } });
}

/** A device that takes so many seconds a row for a kernel. */
class ToyBench implements TrialBench {
  readonly rate: number;
  now = 0;
  readonly timed: { readonly kernels: string; readonly rows: number; readonly repeats: number }[] = [];
  live = 0;
  readonly #seconds: Readonly<Record<string, number | 'rejected' | 'fails' | 'hangs'>>;
  readonly #noise: number;
  #calls = 0;

  constructor(
    seconds: Readonly<Record<string, number | 'rejected' | 'fails' | 'hangs'>>,
    noise = 0,
    rate = 1e9,
  ) {
    this.rate = rate;
    this.#seconds = seconds;
    this.#noise = noise;
  }

  compile(): Promise<void> {
    this.now += 0.1;
    return Promise.resolve();
  }

  prepare(candidates: readonly (readonly Dispatch[])[]): Promise<readonly (Trial | 'refused')[]> {
    return Promise.resolve(
      candidates.map((dispatches) => {
        const names = dispatches.map(({ kernel }) => kernel);
        if (names.some((name) => this.#seconds[name] === 'rejected')) return 'refused';
        this.live++;
        return {
          seconds: (rows, repeats) => this.#run(names, rows, repeats),
          results: (rows) => Promise.resolve([this.#compute(names, rows)]),
          destroy: () => {
            this.live--;
          },
        };
      }),
    );
  }

  /** Right but for rounding, or with one wrong element. */
  #compute(names: readonly string[], rows: number): Float32Array {
    const wrong = names.some((name) => name.startsWith('wrong'));
    return Float32Array.from({ length: rows * SIZE }, (_, i) => {
      if (wrong && i === rows * SIZE - 1) return 0;
      return 1 + (names.includes('matrix') ? 1e-3 * (i % 2) : 0);
    });
  }

  #run(names: readonly string[], rows: number, repeats: number): Promise<number | undefined> {
    this.timed.push({ kernels: names.join(), rows, repeats });
    const found = names.map((name) => this.#seconds[name] ?? 0);
    if (found.includes('hangs')) return Promise.reject(new Error('device lost'));
    if (found.includes('fails')) return Promise.resolve(undefined);
    const seconds = found.reduce<number>((sum, value) => sum + (typeof value === 'number' ? value : 0), 0);
    const noise = 1 + this.#noise * (this.#calls++ % 3);
    this.now += seconds * rows * repeats * noise;
    return Promise.resolve(seconds * rows * noise);
  }
}

async function tuned(
  bench: ToyBench,
  products: readonly Op<Inputs, { y: Tensor }, null>[],
  choices = new Choices(),
  seconds = 10,
): Promise<{ choices: Choices; measured: boolean; kernels: string[] }> {
  const programs = [{ plan: programOf(choices, products) }];
  const measured = await tune({ programs, choices, bench, seconds, now: () => bench.now });
  expect(bench.live).toBe(0);
  const kernels = programOf(choices, products).dispatches.map(({ kernel }) => kernel);
  return { choices, measured, kernels: kernels.filter((kernel) => kernel !== 'prepare') };
}

const both = [productOf('a', ['plain', 'tiles', 'matrix']), productOf('b', ['plain', 'tiles'])];

test('takes the fastest for each choice, and runs only what differs', async () => {
  const bench = new ToyBench({ plain: 1e-4, tiles: 3e-5, matrix: 1e-5 }, 0.2);
  const { kernels } = await tuned(bench, both);
  expect(kernels).toEqual(['matrix', 'tiles']);
  expect(new Set(bench.timed.map((one) => one.kernels))).toEqual(new Set(['plain', 'tiles', 'matrix']));
  // All rows at once where the device is fast enough, repeated until a clock can tell.
  expect(bench.timed.at(-1)!.rows).toBe(CAPACITY);
  expect(Math.max(...bench.timed.map(({ repeats }) => repeats))).toBeGreaterThan(1);
});

test('stays with the default where another is hardly faster', async () => {
  const { kernels, measured } = await tuned(
    new ToyBench({ plain: 1e-4, tiles: 0.98e-4, matrix: 2e-4 }),
    both,
  );
  expect(measured).toBe(true);
  expect(kernels).toEqual(['plain', 'plain']);
});

test('asks the same choice once, and never again while its candidates are the same', async () => {
  const bench = new ToyBench({ plain: 1e-4, tiles: 1e-5 });
  const { choices } = await tuned(bench, [both[1]!, both[1]!, both[1]!]);
  const { length } = bench.timed;
  expect((await tuned(bench, [both[1]!], choices)).measured).toBe(false);
  expect(bench.timed.length).toBe(length);
  const more = productOf('b', ['plain', 'tiles', 'fresh']);
  expect((await tuned(bench, [more], choices)).kernels).toEqual(['fresh']);
});

test('a candidate that is rejected or fails costs itself alone', async () => {
  const bench = new ToyBench({ plain: 'fails', tiles: 1e-5, matrix: 'rejected' });
  const { kernels, choices } = await tuned(bench, both);
  expect(kernels).toEqual(['tiles', 'tiles']);
  expect(choices.known.refused).toEqual({ 'product a': ['matrix', 'plain'], 'product b': ['plain'] });
});

test('a candidate that computes something else is never chosen, however fast it is', async () => {
  const bench = new ToyBench({ plain: 1e-4, matrix: 3e-5, wrong: 1e-6 });
  const { kernels, choices } = await tuned(bench, [productOf('a', ['plain', 'wrong', 'matrix'])]);
  expect(kernels).toEqual(['matrix']);
  expect(choices.known.refused).toEqual({ 'product a': ['wrong'] });
  // The default is held to the plainest as well.
  const led = productOf('a', ['wrong', 'matrix', 'plain'], 'plain');
  expect((await tuned(new ToyBench({ plain: 1, matrix: 1 }), [led])).kernels).toEqual(['matrix']);
  // And the plainest to all others, where these agree.
  const outvoted = productOf('a', ['tiles', 'matrix', 'wrong'], 'wrong');
  const slow = new ToyBench({ tiles: 1e-4, matrix: 1e-4, wrong: 1e-6 });
  expect((await tuned(slow, [outvoted])).choices.known.refused).toEqual({ 'product a': ['wrong'] });
});

test('a candidate that loses the device is not tried again', async () => {
  const choices = new Choices();
  const bench = new ToyBench({ plain: 1e-5, tiles: 'hangs', matrix: 1e-6 });
  await expect(tuned(bench, both, choices)).rejects.toThrow('device lost');
  expect(bench.live).toBe(0);
  const { kernels } = await tuned(
    new ToyBench({ plain: 1e-5, tiles: 'rejected', matrix: 1e-6 }),
    both,
    choices,
  );
  expect(kernels).toEqual(['matrix', 'plain']);
});

test('gives up in time: the costliest first, the defaults for what is left', async () => {
  const bench = new ToyBench({ plain: 2e-3, tiles: 1e-3, matrix: 1e-3 });
  // Twice the same weighs twice as much.
  const { kernels, choices } = await tuned(bench, [...both, both[1]!], new Choices(), 0.3);
  expect(kernels).toEqual(['plain', 'tiles', 'tiles']);
  expect(Object.keys(choices.known.tuned)).toEqual(['product b']);
  expect(bench.now).toBeLessThan(2);
});

test('on a slow device it times few rows', async () => {
  const seconds = { plain: 0.01, tiles: 0.001, matrix: 0.02 };
  const bench = new ToyBench(seconds, 0, (SIZE * SIZE) / 0.01);
  const { kernels } = await tuned(bench, [both[0]!]);
  expect(kernels).toEqual(['tiles']);
  expect(Math.max(...bench.timed.map(({ rows }) => rows))).toBeLessThan(8);
});

test('ends where it is told to, and tells how far it is', async () => {
  const choices = new Choices();
  const stop = new AbortController();
  const bench = new ToyBench({ plain: 1e-4, tiles: 1e-5, matrix: 1e-5 });
  const told: number[] = [];
  const onProgress = (fraction: number): void => {
    told.push(fraction);
    if (fraction > 0) stop.abort();
  };
  const programs = [{ plan: programOf(choices, both) }];
  const { signal } = stop;
  await tune({ programs, choices, bench, seconds: 10, now: () => bench.now, onProgress, signal });
  expect(told).toEqual([0, 0, 0.5]);
  expect(Object.keys(choices.known.tuned)).toEqual(['product a']);
});

test('pinned choices take precedence over measured ones, and cover the choices of the programs', async () => {
  const { choices } = await tuned(new ToyBench({ plain: 1e-4, tiles: 1e-5, matrix: 1e-6 }), both);
  expect(chosenKernels([programOf(choices, both)], choices)).toEqual({
    'product a': 'matrix',
    'product b': 'tiles',
  });
  choices.pin({ 'product a': 'plain', 'product b': 'gone' });
  expect(chosenKernels([programOf(choices, both)], choices)).toEqual({
    'product a': 'plain',
    'product b': 'tiles',
  });
});
