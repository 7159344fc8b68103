import { describe, expect, test } from 'vitest';
import { attentionKernel } from '../../../src/ops/attention_kernels';
import { attentionTiles } from '../../../src/ops/attention_tiles';
import type { Lowering } from '../../../src/ops/op';

/** WebGPU's default for the memory of a workgroup. */
const WORKGROUP_BYTES = 16384;

const HEADS = Array.from({ length: 57 }, (_, i) => 8 + i);

describe('the tiles of attention', () => {
  for (const sums of [1, 2] as const) {
    test(`fit into a workgroup's memory and share out all columns, with ${sums} sums a row`, () => {
      for (const [headDim4, all] of HEADS.flatMap((each) => [[each, 100] as const, [each, 1e6] as const])) {
        const { rows, constants } = attentionTiles(headDim4, sums, all);
        const { THREADS_X = 0, THREADS_Y = 0, COLUMNS = 0, SLICE4 = 0, SLICE_X = 0 } = constants;
        const slices = (THREADS_X + THREADS_Y) * (SLICE4 + 1);
        const quarter = Math.max(slices, THREADS_Y * (THREADS_X + 1) + 64);
        const partial = THREADS_X * THREADS_Y;
        expect(16 * (4 * quarter + partial)).toBeLessThanOrEqual(WORKGROUP_BYTES);
        expect(rows).toBe(4 * THREADS_Y);
        expect(COLUMNS * THREADS_X).toBeGreaterThanOrEqual(headDim4);
        expect(SLICE_X * headDim4).toBeLessThanOrEqual(64);
        expect(THREADS_X % SLICE_X).toBe(0);
      }
    });
  }

  test('have fewer rows where there are few', () => {
    expect(attentionTiles(16, 1, 9 * 512).rows).toBe(32);
    expect(attentionTiles(16, 1, 32 * 2048).rows).toBe(64);
  });

  const chosen = (headDim: number, capacity: number, software: boolean): string => {
    const lowering: Lowering = {
      capacity,
      limits: {
        maxStorageBufferBindingSize: 2 ** 27,
        maxBufferSize: 2 ** 28,
        maxComputeWorkgroupsPerDimension: 65535,
        software,
      },
      temporary: () => {
        throw new Error('attention needs no memory of its own');
      },
    };
    const attributes = { heads: 4, kvHeads: 2, headDim, scale: 1 };
    return attentionKernel(lowering, 'attention', attributes).kernel;
  };

  test('are what a GPU takes, where there are rows and dimensions enough', () => {
    expect(chosen(64, 512, false)).toBe('attention_tiles');
    expect(chosen(64, 4, false)).toBe('attention');
    expect(chosen(16, 512, false)).toBe('attention');
    expect(chosen(64, 512, true)).toBe('attention');
  });
});
