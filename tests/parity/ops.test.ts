import { describe, expect, test } from 'vitest';
import { listCases, runCase } from '../ops/run';
import { gpu } from './dawn';

/**
 * In a browser the cases run with every algorithm that the device has features for; here with the plain ones, as on a
 * device without any. TUNESMITH_FEATURES=all is for a device that has more than the browser's: half precision, subgroup
 * matrices.
 */
const plain = process.env['TUNESMITH_FEATURES'] !== 'all';

describe('the cases of the ops under Dawn', () => {
  for (const { op, name } of listCases()) {
    test(`${op}: ${name}`, async () => {
      expect(await runCase(op, name, { webgpu: gpu, plain })).toEqual([]);
    });
  }
});
