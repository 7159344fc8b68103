import { describe, expect, it } from 'vitest';
import { DEFAULTS } from '../../../src/core/settings/settings';
import { layoutsOf, MODELS } from '../../../bench/suite/models';
import { distinct } from '../../../bench/suite/ops';
import { resultOf } from '../../../bench/suite/recorder';
import { selectionFor } from '../../../bench/suite/selection';
import { readFilters } from '../../../bench/filters';
import { planMicroBatch } from '../../../src/models/training_graph';

describe('filters', () => {
  it('are lists with commas, whatever their case', () => {
    expect(
      readFilters({ only: 'ops, steps', models: 'qwen2.5-0.5b', tokens: '128,512', rounds: '2' }),
    ).toEqual({
      only: ['ops', 'steps'],
      models: ['Qwen2.5-0.5B'],
      tokens: [128, 512],
      rounds: 2,
    });
    expect(readFilters({})).toEqual({});
  });

  it('say what there is instead of what is not', () => {
    expect(() => readFilters({ only: 'everything' })).toThrow(/there is no everything.*limits/);
    expect(() => readFilters({ models: 'gpt' })).toThrow(/Choose from demo/);
    expect(() => readFilters({ tokens: 'many' })).toThrow(/whole numbers above 0, not many/);
  });
});

describe('what is measured', () => {
  it('is everything on a GPU', () => {
    const { ops, steps } = selectionFor('gpu', {});
    expect(ops).toHaveLength(MODELS.length * 3);
    expect(steps.every(({ layers }) => layers === undefined)).toBe(true);
  });

  it('is small on a software adapter, but filters count on every device', () => {
    expect(selectionFor('software', {}).ops.length).toBeLessThan(4);
    const filters = { models: ['Llama-3.2-1B'], tokens: [256], without: ['peers'] } as const;
    const { ops, steps, groups } = selectionFor('software', filters);
    expect(ops).toEqual([{ model: 'Llama-3.2-1B', tokens: 256 }]);
    expect(steps).toEqual(ops);
    expect(groups).not.toContain('peers');
  });

  it('takes each kind of node of a block once, forward and backward', () => {
    const limits = { maxStorageBufferBindingSize: 2 ** 27, maxBufferSize: 2 ** 28 };
    const { model, adapter } = layoutsOf('SmolLM2-135M', limits.maxStorageBufferBindingSize, 2);
    const options = { capacity: 64, settings: { ...DEFAULTS, gradient_checkpointing: false } };
    const plan = planMicroBatch(model, adapter, {
      ...options,
      limits: { ...limits, maxComputeWorkgroupsPerDimension: 65535 },
    });
    const names = distinct(plan.origins).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain('linear gate_proj, up_proj');
    expect(names).toContain('linear_backward down_proj');
    const ops = new Set(plan.origins.map(({ node }) => node.op.name));
    for (const op of ops) expect(names.some((name) => name.split(' ')[0] === op)).toBe(true);
  });
});

describe('a figure', () => {
  const rates = { fma: 100, bandwidth: 10 };
  const seconds = { median: 2, min: 1, max: 4, samples: 3 };
  const entry = { group: 'ops', name: 'x', measurement: { run: () => Promise.resolve(0) } } as const;

  it('is compared with the limit that binds it', () => {
    expect(resultOf({ ...entry, flops: 100, bytes: 1 }, seconds, rates)).toMatchObject({
      ...{ unit: 'FLOP/s', median: 50, min: 25, max: 100 },
      ...{ bound: 'fma', fraction: 0.5 },
    });
    expect(resultOf({ ...entry, flops: 10, bytes: 10 }, seconds, rates)).toMatchObject({
      ...{ unit: 'B/s', median: 5, bound: 'bandwidth', fraction: 0.5 },
    });
  });

  it('is a time where there is nothing to compare it with', () => {
    const result = resultOf(entry, seconds, rates);
    expect(result).toMatchObject({ unit: 's', median: 2 });
    expect(result.fraction).toBeUndefined();
  });

  it('is tokens a second where it is about tokens', () => {
    const result = resultOf({ ...entry, rate: 8, bytes: 10 }, seconds, rates);
    expect(result).toMatchObject({ unit: 'tokens/s', median: 4, fraction: 0.5 });
  });
});
