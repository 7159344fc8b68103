import { describe, expect, it } from 'vitest';
import { DEFAULTS } from '../../../src/core/settings/settings';
import type { Batch, TokenizedExample } from '../../../src/data/batches';
import { listOf, select, type ExampleList } from '../../../src/data/example_list';
import { sft } from '../../../src/models/objectives/sft';
import { evaluate, evaluateSources } from '../../../src/train/evaluate';
import { capacityOf, evaluationBatches, planOf } from '../../../src/train/plan';

const example = (length: number): TokenizedExample => ({
  ids: Uint32Array.from({ length }, (_, i) => i),
  trained: new Uint8Array(length).fill(1),
});
const lengths = [5, 60, 7, 80, 9, 110, 2];
const examples = listOf(lengths.map(example));

describe('capacityOf', () => {
  const settings = { ...DEFAULTS, per_device_train_batch_size: 2, num_train_epochs: 2, seed: 3 };

  it('holds the largest micro-batch of the very run, rounded up to 64 rows', () => {
    const plan = planOf({ ...settings, shuffle: false }, examples);
    // 5 + 60, 7 + 80, 9 + 110, 2
    expect(capacityOf(plan, 2, examples, listOf([]))).toBe(128);
  });

  it('covers every micro-batch of every epoch, and no more than the longest examples together', () => {
    for (let seed = 0; seed < 20; seed++) {
      const plan = planOf({ ...settings, seed }, examples);
      let largest = 0;
      for (let step = 0; step < plan.steps; step++) {
        for (const batch of plan.window(step).microBatches) {
          largest = Math.max(
            largest,
            batch.reduce((sum, index) => sum + lengths[index]!, 0),
          );
        }
      }
      expect(largest).toBeGreaterThanOrEqual(110);
      expect(capacityOf(plan, 2, examples, listOf([]))).toBe(Math.ceil(largest / 64) * 64);
    }
  });

  it('covers the longest held-out example', () => {
    const plan = planOf(settings, examples);
    expect(capacityOf(plan, 2, examples, listOf([example(500)]))).toBe(512);
  });
});

describe('evaluationBatches', () => {
  const batchesOf = async (list: ExampleList): Promise<Batch[]> => {
    const batches: Batch[] = [];
    for await (const batch of evaluationBatches(sft, list, 112)) batches.push(batch);
    return batches;
  };

  it('keeps the order and fills batches up to the capacity', async () => {
    const batches = await batchesOf(examples);
    expect(batches.map(({ rows }) => rows)).toEqual([72, 89, 112]);
    expect(batches.reduce((sum, batch) => sum + batch.targetTokens, 0)).toBe(273 - lengths.length);
    expect(await batchesOf(listOf([]))).toEqual([]);
  });
});

describe('evaluate', () => {
  // A loss of 1 for each target of value 1, 3 for others: a mean of batch means would differ from the mean over tokens.
  const program = {
    capacity: 112,
    evaluate: (batch: { targets: Uint32Array; targetTokens: number }) =>
      Promise.resolve({
        loss: batch.targets.reduce(
          (sum, target) => sum + (target === 0xffffffff ? 0 : target === 1 ? 1 : 3),
          0,
        ),
        metrics: { nll_loss: batch.targetTokens * 0.5 },
      }),
  };

  it('weighs every target token alike', async () => {
    const result = await evaluate(program, sft, examples);
    // Each of the seven examples has the target 1 once.
    const loss = (7 * 1 + (266 - 7) * 3) / 266;
    expect(result?.targetTokens).toBe(266);
    expect(result?.loss).toBeCloseTo(loss, 12);
    expect(result?.metrics).toEqual({ nll_loss: 0.5 });
    // Of the plain losses, if they are measured beside smoothed ones.
    expect(result?.perplexity).toBeCloseTo(Math.exp(0.5), 10);
  });

  it('tells the loss of each source, whose targets all weigh alike', async () => {
    const silent = { ids: Uint32Array.of(1, 2), trained: new Uint8Array(2) };
    const sources = [
      { name: 'a', examples: select(examples, [0]) },
      { name: 'b', examples: select(examples, [1, 2, 3, 4, 5, 6]) },
      { name: 'c', examples: listOf([silent]) },
    ];
    const fractions: number[] = [];
    const result = await evaluateSources(program, sft, sources, (fraction) => {
      fractions.push(fraction);
      return Promise.resolve(true);
    });
    const whole = await evaluate(program, sft, examples);
    expect(result).toMatchObject({ targetTokens: 266, metrics: { nll_loss: 0.5 } });
    expect(result?.loss).toBeCloseTo(whole!.loss, 12);
    // One target of value 1 in each example.
    expect(Object.keys(result?.losses ?? {})).toEqual(['a', 'b']);
    expect(result?.losses?.['a']).toBeCloseTo((1 + 3 * 3) / 4, 12);
    expect(result?.losses?.['b']).toBeCloseTo((6 + 256 * 3) / 262, 12);
    expect(fractions[0]).toBe(0);
    expect(fractions.toSorted((a, b) => a - b)).toEqual(fractions);
    expect(fractions.at(-1)).toBeLessThan(1);
    expect(await evaluateSources(program, sft, sources, () => Promise.resolve(false))).toBeUndefined();
  });

  it('gives up when told to, and has nothing to say without targets', async () => {
    let asked = 0;
    expect(await evaluate(program, sft, examples, () => Promise.resolve(asked++ < 1))).toBeUndefined();
    expect(asked).toBe(2);
    expect(
      await evaluate(program, sft, listOf([{ ids: Uint32Array.of(1, 2), trained: new Uint8Array(2) }])),
    ).toBeUndefined();
  });

  it('keeps the perplexity a number that JSON can hold', async () => {
    const diverged = { capacity: 112, evaluate: () => Promise.resolve({ loss: 1e6, metrics: {} }) };
    expect((await evaluate(diverged, sft, listOf([example(3)])))?.perplexity).toBe(Number.MAX_VALUE);
  });
});
