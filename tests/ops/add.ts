import { add } from '../../src/ops/add';
import { combine, describe, normal, type OpCase } from './case';

export const cases: readonly OpCase[] = combine({ rows: [1, 7], columns: [1, 20, 300] }).map(
  (parameters): OpCase => {
    const { rows, columns } = parameters;
    return {
      op: 'add',
      name: describe(parameters),
      rows,
      inputs: {
        a: { type: 'f32', shape: ['rows', columns], data: normal('a', rows * columns), wanted: true },
        b: { type: 'f32', shape: ['rows', columns], data: normal('b', rows * columns, 1000), wanted: true },
      },
      build: (builder, { a, b }) => ({ y: add(builder, a!, b!) }),
      reference: {
        forward: ({ a, b }) => ({ y: a!.map((value, i) => value + b![i]!) }),
        backward: (_, { y }) => ({ a: y!, b: y! }),
      },
      tolerance: { y: 1, da: 0, db: 0 },
    };
  },
);
