import { expect, it } from 'vitest';
import { exportProgress } from '../../../../src/session/exports/export_progress';
import type { Progress } from '../../../../src/session/progress';

it('tells bytes, speed and the remaining time of the writing, and then of the check', () => {
  let time = 0;
  const told: Progress[] = [];
  const { onProgress, onCheck } = exportProgress(
    4000,
    {},
    (progress) => told.push(progress),
    () => time,
  );
  time = 1000;
  onProgress(1000, 'a.bin');
  time = 5000;
  onCheck(0);
  time = 7000;
  onCheck(0.25);
  const [writing, , checking] = told;
  expect(writing).toMatchObject({
    label: { code: 'export_writing', values: { file: 'a.bin' } },
    ...{ fraction: 0.25, bytes: 1000, totalBytes: 4000, bytesPerSecond: 1000, etaSeconds: 3 },
  });
  expect(checking).toMatchObject({ label: { code: 'export_checking' }, fraction: 0.25, etaSeconds: 6 });
});

it('says during the check that a chosen file has its name already', () => {
  const told: Progress[] = [];
  exportProgress(1, { isNamedEarly: true }, (progress) => told.push(progress)).onCheck(0);
  expect(told[0]?.label.code).toBe('export_checking_chosen');
});
