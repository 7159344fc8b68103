import { dpoLoss } from '../../src/ops/dpo_loss';
import { combine, describe, normal, type Arrays, type OpCase } from './case';

interface Parameters {
  /** Rows of each pair's chosen and rejected text. */
  readonly pairs: readonly (readonly [number, number])[];
  readonly beta: number;
  /** Of the log-probabilities: large ones give margins that overflow exp. */
  readonly size?: number;
  /** The model is the reference model, as before the first step. */
  readonly same?: true;
  readonly limits?: OpCase['limits'];
}

const LOSS_SCALE = 1 / 8;

interface Pair {
  readonly first: number;
  readonly middle: number;
  readonly end: number;
}

function dpoLossCase(parameters: Parameters): OpCase {
  const { beta, size = 1, same, limits } = parameters;
  const pairs: Pair[] = [];
  let rows = 0;
  for (const [chosen, rejected] of parameters.pairs) {
    pairs.push({ first: rows, middle: rows + chosen, end: rows + chosen + rejected });
    rows += chosen + rejected;
  }
  const table = new Uint32Array(2 * rows);
  for (const { first, middle, end } of pairs) table.set([middle, end], 2 * first);
  const reference = normal('reference', rows, size);
  // Rows without a target, such as those of the prompt, have 0 in both.
  for (let row = 0; row < rows; row += 3) reference[row] = 0;
  const logProbs = normal('log-probabilities', rows, size).map((value, row) =>
    same || row % 3 === 0 ? reference[row]! : value,
  );

  const eachPair = (
    values: Arrays,
    visit: (pair: Pair, rewards: { readonly chosen: number; readonly rejected: number }) => void,
  ): void => {
    const sum = (first: number, end: number): number => {
      let total = 0;
      for (let row = first; row < end; row++) total += values['logProbs']![row]! - values['reference']![row]!;
      return beta * total;
    };
    for (const pair of pairs) {
      const { first, middle, end } = pair;
      visit(pair, { chosen: sum(first, middle), rejected: sum(middle, end) });
    }
  };
  const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  const sizes = new Float64Array(rows);
  for (const { first, end } of pairs) {
    let total = 1;
    for (let row = first; row < end; row++)
      total += beta * (Math.abs(logProbs[row]!) + Math.abs(reference[row]!));
    sizes[first] = total;
  }
  // Each thread adds a few of a pair's rows, then a tree does; then a product, a difference and the loss.
  const tolerance = {
    factor: 8 + Math.max(...pairs.map(({ first, end }) => end - first)) / 16,
    magnitudes: sizes,
  };
  // A wrong bit in the margin is as large as what was added up, and sigmoid's slope is a quarter at most.
  const share = LOSS_SCALE * beta * (4 + tolerance.factor * Math.max(...sizes));
  return {
    op: 'dpo_loss',
    name: describe({ ...parameters, pairs: JSON.stringify(parameters.pairs), limits: limits !== undefined }),
    rows,
    run: { lossScale: LOSS_SCALE },
    limits,
    inputs: {
      pairs: { type: 'u32', shape: ['rows', 2], data: table },
      logProbs: { type: 'f32', shape: ['rows'], data: logProbs, wanted: true },
      reference: { type: 'f32', shape: ['rows'], data: reference },
    },
    build: (builder, { pairs: table, logProbs: own, reference: theirs }) =>
      dpoLoss(builder, { pairs: table!, logProbs: own!, reference: theirs! }, { beta }),
    // Metrics have no gradient.
    losses: { losses: LOSS_SCALE, chosen: 0, rejected: 0, accuracies: 0, margins: 0 },
    reference: {
      forward(values) {
        const outputs = {
          losses: new Float64Array(rows),
          chosen: new Float64Array(rows),
          rejected: new Float64Array(rows),
          accuracies: new Float64Array(rows),
          margins: new Float64Array(rows),
        };
        eachPair(values, ({ first }, { chosen, rejected }) => {
          outputs.chosen[first] = chosen;
          outputs.rejected[first] = rejected;
          outputs.margins[first] = chosen - rejected;
          outputs.accuracies[first] = Number(chosen > rejected);
          outputs.losses[first] = softplus(rejected - chosen);
        });
        return outputs;
      },
      backward(values, { losses }) {
        const gradient = new Float64Array(rows);
        eachPair(values, ({ first, middle, end }, { chosen, rejected }) => {
          const slope = (losses![first]! * beta) / (1 + Math.exp(chosen - rejected));
          gradient.fill(-slope, first, middle).fill(slope, middle, end);
        });
        return { logProbs: gradient };
      },
    },
    tolerance: {
      losses: tolerance,
      chosen: tolerance,
      rejected: tolerance,
      accuracies: 0,
      margins: tolerance,
      dlogProbs: { factor: 1, magnitudes: new Float64Array(rows).fill(share) },
    },
  };
}

export const cases: readonly OpCase[] = [
  // Texts of one row; of different lengths; longer than a workgroup has threads.
  ...combine({
    pairs: [
      [[1, 1]],
      [[4, 7]],
      [
        [2, 1],
        [1, 5],
        [3, 3],
      ],
      [
        [70, 130],
        [9, 65],
      ],
    ] as [number, number][][],
    beta: [0.1, 1],
  }).map(dpoLossCase),
  dpoLossCase({ pairs: [[3, 4]], beta: 0.5, same: true }),
  // Margins far beyond what exp holds, on either side.
  dpoLossCase({
    pairs: [
      [2, 2],
      [5, 3],
      [2, 4],
      [7, 2],
    ],
    beta: 1,
    size: 400,
  }),
  dpoLossCase({
    pairs: [
      [4, 7],
      [3, 2],
    ],
    beta: 0.1,
    limits: { maxComputeWorkgroupsPerDimension: 5 },
  }),
];
