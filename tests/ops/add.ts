import { add } from '../../src/ops/add';
import { combine, describe, normal, type OpCase } from './case';

const plain = combine({ rows: [1, 7], columns: [1, 20, 300] }).map((parameters): OpCase => {
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
});

/** A tensor with several uses gets the sum of their gradients. */
const repeated: OpCase = {
  op: 'add',
  name: 'one tensor three times',
  rows: 5,
  inputs: { a: { type: 'f32', shape: ['rows', 12], data: normal('a', 60), wanted: true } },
  build: (builder, { a }) => ({ y: add(builder, add(builder, a!, a!), a!) }),
  reference: {
    forward: ({ a }) => ({ y: a!.map((value) => 3 * value) }),
    backward: (_, { y }) => ({ a: y!.map((value) => 3 * value) }),
  },
  tolerance: { y: 1, da: 1 },
};

export const cases: readonly OpCase[] = [...plain, repeated];
