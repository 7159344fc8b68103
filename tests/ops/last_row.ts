import { lastRow } from '../../src/ops/rows';
import { combine, describe, normal, type OpCase } from './case';

export const cases: readonly OpCase[] = combine({ rows: [1, 9], columns: [1, 64, 130] }).map(
  (parameters): OpCase => {
    const { rows, columns } = parameters;
    return {
      op: 'last_row',
      name: describe(parameters),
      rows,
      inputs: { x: { type: 'f32', shape: ['rows', columns], data: normal('x', rows * columns) } },
      build: (builder, { x }) => ({ y: lastRow(builder, x!) }),
      reference: { forward: ({ x }) => ({ y: x!.slice((rows - 1) * columns) }) },
      tolerance: { y: 0 },
    };
  },
);
