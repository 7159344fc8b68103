import type { OpCase } from './case';

/** Every file beside this one that is named as an op exports its cases. */
const files = import.meta.glob<readonly OpCase[]>(
  [
    './*.ts',
    '!./blocks.ts',
    '!./case.ts',
    '!./cases.ts',
    '!./harness.ts',
    '!./run.ts',
    '!./page.ts',
    '!./*.{spec,config}.ts',
  ],
  { eager: true, import: 'cases' },
);

export const cases: readonly OpCase[] = Object.values(files).flat();
