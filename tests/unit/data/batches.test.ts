import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { groupedByLength, NO_TARGET, packMicroBatch, planBatches, textsOf } from '../../../src/data/batches';

const settings = { count: 10, batchSize: 2, accumulation: 2, seed: 3, shuffle: true, epochs: 2 };
const numbers = (lists: readonly Uint32Array[]): number[] => lists.flatMap((list) => Array.from(list));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

describe('planBatches', () => {
  it('steps what is left at the end of an epoch', () => {
    const plan = planBatches({ ...settings, count: 11, shuffle: false });
    expect(plan.stepsPerEpoch).toBe(3);
    expect(plan.steps).toBe(6);
    expect(plan.window(2)).toEqual({
      epoch: 0,
      index: 2,
      microBatches: [Uint32Array.of(8, 9), Uint32Array.of(10)],
    });
    expect(planBatches({ ...settings, shuffle: false }).window(2).microBatches).toEqual([
      Uint32Array.of(8, 9),
    ]);
  });

  it('shows every example once an epoch, in another order each time', () => {
    const plan = planBatches(settings);
    const epochs = [0, 1].map((epoch) =>
      [0, 1, 2].flatMap((i) => numbers(plan.window(3 * epoch + i).microBatches)),
    );
    for (const order of epochs) expect([...order].sort((a, b) => a - b)).toEqual(upTo(10));
    expect(epochs[0]).not.toEqual(epochs[1]);
  });

  it('gives any step the same window, whichever was asked for before', () => {
    const forward = planBatches(settings);
    const inOrder = upTo(6).map((step) => forward.window(step));
    for (const step of [5, 0, 3]) expect(planBatches(settings).window(step)).toEqual(inOrder[step]);
    expect(planBatches({ ...settings, seed: 4 }).window(0)).not.toEqual(inOrder[0]);
  });

  it('counts steps as transformers does: epochs may be a fraction, max_steps goes first', () => {
    expect(planBatches({ ...settings, epochs: 0.5 }).steps).toBe(2);
    expect(planBatches({ ...settings, maxSteps: 100 }).steps).toBe(100);
    expect(planBatches({ ...settings, maxSteps: 100 }).window(99).epoch).toBe(33);
  });

  it('counts the micro-batches before a step', () => {
    const plan = planBatches(settings);
    let before = 0;
    for (const step of upTo(6)) {
      expect(plan.microBatchesBefore(step)).toBe(before);
      before += plan.window(step).microBatches.length;
    }
    expect(before).toBe(10);
  });

  it('refuses an empty set', () => {
    expect(() => planBatches({ ...settings, count: 0 })).toThrow(/no example/);
  });
});

describe('packMicroBatch', () => {
  it('shifts targets and their weights by one within each example', () => {
    const batch = packMicroBatch([
      {
        ids: Uint32Array.of(5, 6, 7),
        trained: Uint8Array.of(1, 0, 1),
        weights: Float32Array.of(3, 3, 0.5),
      },
      { ids: Uint32Array.of(8), trained: Uint8Array.of(1) },
      { ids: Uint32Array.of(9, 10), trained: Uint8Array.of(0, 1), weights: Float32Array.of(3, 2) },
    ]);
    expect(batch).toEqual({
      rows: 6,
      tokens: Uint32Array.of(5, 6, 7, 8, 9, 10),
      targets: Uint32Array.of(NO_TARGET, 7, NO_TARGET, NO_TARGET, 10, NO_TARGET),
      weights: Float32Array.of(1, 0.5, 1, 1, 2, 1),
      positions: Uint32Array.of(0, 1, 2, 0, 0, 1),
      segments: Uint32Array.of(0, 3, 0, 3, 0, 3, 3, 4, 4, 6, 4, 6),
      targetTokens: 2,
    });
  });

  it('keeps the texts of an example beside one another and apart', () => {
    const pair = { ids: Uint32Array.of(1, 2, 3, 1, 4), trained: Uint8Array.of(0, 1, 1, 1, 1), starts: [3] };
    expect(textsOf(pair)).toEqual([
      [0, 3],
      [3, 5],
    ]);
    expect(packMicroBatch([{ ids: Uint32Array.of(7), trained: Uint8Array.of(1) }, pair])).toEqual({
      rows: 6,
      tokens: Uint32Array.of(7, 1, 2, 3, 1, 4),
      // The first token of the second text is no target.
      targets: Uint32Array.of(NO_TARGET, 2, 3, NO_TARGET, 4, NO_TARGET),
      weights: new Float32Array(6).fill(1),
      positions: Uint32Array.of(0, 0, 1, 2, 0, 1),
      segments: Uint32Array.of(0, 1, 1, 4, 1, 4, 1, 4, 4, 6, 4, 6),
      targetTokens: 3,
    });
  });

  it('makes an empty batch of nothing', () => {
    expect(packMicroBatch([])).toMatchObject({ rows: 0, targetTokens: 0 });
  });
});

describe('groupedByLength', () => {
  interface Group {
    readonly lengths: readonly number[];
    readonly batch: number;
    readonly order: readonly number[];
    readonly grouped: readonly number[];
  }
  const { groups } = JSON.parse(readFileSync(new URL('fixtures/packing.json', import.meta.url), 'utf8')) as {
    readonly groups: readonly Group[];
  };

  it('groups as transformers does', () => {
    for (const { lengths, batch, order, grouped } of groups) {
      const found = groupedByLength(Uint32Array.from(order), (index) => lengths[index]!, batch);
      expect(Array.from(found)).toEqual(grouped);
    }
  });

  it('gives every epoch an order of its own, with all examples', () => {
    const lengthOf = (index: number): number => 1 + (index % 7);
    const plan = planBatches({ ...settings, count: 40, lengthOf });
    const orders = [0, 1].map((epoch) =>
      upTo(10).flatMap((step) => numbers(plan.window(10 * epoch + step).microBatches)),
    );
    for (const order of orders) expect(order.toSorted((a, b) => a - b)).toEqual(upTo(40));
    expect(orders[0]).not.toEqual(orders[1]);
    expect(lengthOf(orders[0]![0]!)).toBe(7);
  });
});
