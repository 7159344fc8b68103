import { describe, expect, test } from 'vitest';
import { listCases, runCase } from '../ops/run';
import { gpu } from './dawn';

describe('the cases of the ops under Dawn', () => {
  for (const { op, name } of listCases()) {
    test(`${op}: ${name}`, async () => {
      expect(await runCase(op, name, gpu)).toEqual([]);
    });
  }
});
