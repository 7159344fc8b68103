import { f32ToF16, f16ToF32 } from '../../src/core/dtype';
import { NO_TARGET } from '../../src/data/batches';
import { headCrossEntropy, headLogits, headLogProbs } from '../../src/ops/head_cross_entropy';
import type { Tensor } from '../../src/ops/op';
import type { DenseWeight } from '../../src/ops/weight';
import { combine, describe, integers, normal, type Arrays, type CaseInput, type OpCase } from './case';

interface Parameters {
  readonly rows: number;
  readonly columns: number;
  /** Rows of each part of the head. */
  readonly parts: readonly number[];
  readonly format: 'f32' | 'f16';
  /** Every how many rows have a target; 0: none. */
  readonly every: number;
  /** Of the hidden states: large ones give logits that overflow exp. */
  readonly size?: number;
  readonly limits?: OpCase['limits'];
  /** The losses alone. */
  readonly evaluation?: true;
  readonly smoothing?: number;
  /** The head, which is f32. */
  readonly trainable?: true;
  readonly dft?: true;
  readonly weighted?: true;
}

const LOSS_SCALE = 1 / 16;

interface Head {
  readonly vocabulary: number;
  readonly inputs: Record<string, CaseInput>;
  readonly values: Float64Array;
  weight(tensors: Readonly<Record<string, Tensor>>): DenseWeight;
  /** The values among a case's inputs, which differ from `values` in central differences. */
  of(inputs: Arrays): Float64Array;
  /** Divides a gradient of the whole among the parts. */
  split(gradient: Float64Array): Record<string, Float64Array>;
}

function makeHead({
  columns,
  parts,
  format,
  trainable,
}: Pick<Parameters, 'columns' | 'parts' | 'format' | 'trainable'>): Head {
  const inputs: Record<string, CaseInput> = {};
  const vocabulary = parts.reduce((sum, rows) => sum + rows, 0);
  const values = new Float64Array(vocabulary * columns);
  let firstRow = 0;
  const layout = parts.map((rows, index) => {
    const part = normal(`head ${index}`, rows * columns, 0.3);
    const halves = f32ToF16(part);
    values.set(format === 'f32' ? part : f16ToF32(halves), firstRow * columns);
    inputs[`weight${index}`] =
      format === 'f32'
        ? {
            type: 'f32',
            shape: [rows, columns],
            data: part,
            ...(trainable && { wanted: true, parameter: true }),
          }
        : { type: 'u32', shape: [rows, columns / 2], data: new Uint32Array(halves.buffer) };
    const place = { name: `weight${index}`, firstRow, rows };
    firstRow += rows;
    return place;
  });
  return {
    vocabulary,
    inputs,
    values,
    weight: (tensors) => ({
      kind: 'dense',
      name: 'lm_head',
      format,
      out: vocabulary,
      in: columns,
      parts: layout.map(({ name, ...part }) => ({ ...part, tensor: tensors[name]! })),
      ...(trainable && { isTrained: true }),
    }),
    of: (given) =>
      trainable ? Float64Array.from(layout.flatMap(({ name }) => Array.from(given[name]!))) : values,
    split: (gradient) =>
      Object.fromEntries(
        layout.map(({ name, firstRow: first, rows }) => [
          name,
          gradient.slice(first * columns, (first + rows) * columns),
        ]),
      ),
  };
}

/** f64 logits of one row. */
function logitsOf(
  hidden: Float64Array,
  head: Float64Array,
  row: number,
  columns: number,
): Float64Array<ArrayBuffer> {
  return Float64Array.from({ length: head.length / columns }, (_, v) => {
    let sum = 0;
    for (let c = 0; c < columns; c++) sum += hidden[row * columns + c]! * head[v * columns + c]!;
    return sum;
  });
}

function crossEntropyCase(parameters: Parameters): OpCase {
  const { rows, columns, every, size = 1, smoothing = 0, dft = false, weighted } = parameters;
  const head = makeHead(parameters);
  const targets = integers('targets', rows, head.vocabulary).map((target, row) =>
    every > 0 && row % every === 0 ? target : NO_TARGET,
  );
  if (every > 0) targets[0] = head.vocabulary - 1;
  const hidden = normal('hidden', rows * columns, size);
  // Among them 0 and 1.
  const weights = Float32Array.from({ length: rows }, (_, row) => (weighted ? ((row * 3) % 8) / 4 : 1));

  const eachRow = (
    values: Arrays,
    visit: (row: number, probabilities: Float64Array, target: number, loss: number, smooth: number) => void,
  ): void => {
    for (let row = 0; row < rows; row++) {
      const target = values['targets']![row]!;
      if (target === NO_TARGET) continue;
      const logits = logitsOf(values['hidden']!, head.of(values), row, columns);
      const top = logits.reduce((a, b) => Math.max(a, b));
      const exponentials = logits.map((logit) => Math.exp(logit - top));
      const sum = exponentials.reduce((a, b) => a + b, 0);
      visit(
        row,
        exponentials.map((value) => value / sum),
        target,
        Math.log(sum) + top - logits[target]!,
        Math.log(sum) + top - logits.reduce((a, b) => a + b) / head.vocabulary,
      );
    }
  };
  // The factor of a row's loss. No gradient goes through the target's probability, so it is that of the given hidden
  // states, whatever states the central differences try.
  const factors = Float64Array.from(weights);
  if (dft) {
    const given = {
      ...Object.fromEntries(
        Object.entries(head.inputs).map(([name, { data }]) => [name, Float64Array.from(data)]),
      ),
      hidden: Float64Array.from(hidden),
      targets: Float64Array.from(targets),
    };
    eachRow(given, (row, probabilities, target) => {
      factors[row]! *= probabilities[target]!;
    });
  }
  // The largest logit decides how exact a loss can be.
  const magnitudes = Float64Array.from({ length: rows }, (_, row) =>
    logitsOf(Float64Array.from(hidden), head.values, row, columns).reduce(
      (most, value) => Math.max(most, Math.abs(value)),
      1,
    ),
  );
  const measured = dft || smoothing > 0;
  return {
    op: 'head_cross_entropy',
    name: describe({ ...parameters, limits: parameters.limits !== undefined }),
    rows,
    run: { lossScale: LOSS_SCALE },
    limits: parameters.limits,
    inputs: {
      hidden: { type: 'f32', shape: ['rows', columns], data: hidden, wanted: !parameters.evaluation },
      targets: { type: 'u32', shape: ['rows'], data: targets },
      ...(weighted && { weights: { type: 'f32', shape: ['rows'], data: weights } as const }),
      ...head.inputs,
    },
    build(builder, tensors) {
      const inputs = {
        hidden: tensors['hidden']!,
        head: head.weight(tensors),
        targets: tensors['targets']!,
        weights: tensors['weights'],
      };
      const { losses, nll } = headCrossEntropy(builder, inputs, {
        withGradient: !parameters.evaluation,
        smoothing,
        dft,
      });
      return { losses, ...(nll && { nll }) };
    },
    // The plain losses are measured, and have no gradient.
    losses: { losses: LOSS_SCALE, ...(measured && { nll: 0 }) },
    reference: {
      forward(values) {
        const losses = new Float64Array(rows);
        const nll = new Float64Array(rows);
        eachRow(values, (row, _, __, loss, smooth) => {
          losses[row] = factors[row]! * ((1 - smoothing) * loss + smoothing * smooth);
          nll[row] = loss;
        });
        return { losses, ...(measured && { nll }) };
      },
      backward(values, { losses }) {
        const gradient = new Float64Array(rows * columns);
        const ofHead = new Float64Array(head.values.length);
        const headValues = head.of(values);
        eachRow(values, (row, probabilities, target) => {
          probabilities.forEach((probability, v) => {
            const aim = (v === target ? 1 - smoothing : 0) + smoothing / head.vocabulary;
            const share = losses![row]! * factors[row]! * (probability - aim);
            for (let c = 0; c < columns; c++) {
              gradient[row * columns + c]! += share * headValues[v * columns + c]!;
              ofHead[v * columns + c]! += share * values['hidden']![row * columns + c]!;
            }
          });
        });
        return { hidden: gradient, ...head.split(ofHead) };
      },
    },
    tolerance: {
      losses: { factor: 4 * columns, magnitudes },
      ...(measured && { nll: { factor: 4 * columns, magnitudes } }),
      // A wrong bit in a logit is a wrong share of its probability, as large as the logit.
      dhidden: 8 * columns * magnitudes.reduce((a, b) => Math.max(a, b)) + head.vocabulary,
      ...Object.fromEntries(
        parameters.parts.map((count, index) => [
          `dweight${index}`,
          {
            factor: 8 * columns * magnitudes.reduce((a, b) => Math.max(a, b)) + rows,
            magnitudes: new Float64Array(count * columns).fill(size * LOSS_SCALE),
          },
        ]),
      ),
    },
  };
}

/** Log-probabilities are losses of the opposite sign, with any gradient. */
function logProbsCase(parameters: Parameters): OpCase {
  const whole = crossEntropyCase(parameters);
  const negative = (values: Float64Array): Float64Array => values.map((value) => -value);
  return {
    op: 'head_log_probs',
    name: whole.name,
    rows: whole.rows,
    limits: whole.limits,
    inputs: whole.inputs,
    build(builder, tensors) {
      const head = makeHead(parameters).weight(tensors);
      const inputs = { hidden: tensors['hidden']!, head, targets: tensors['targets']! };
      return { logProbs: headLogProbs(builder, inputs) };
    },
    reference: {
      forward: (values) => ({ logProbs: negative(whole.reference.forward(values)['losses']!) }),
      backward: (values, { logProbs }) => whole.reference.backward!(values, { losses: negative(logProbs!) }),
    },
    tolerance: { ...whole.tolerance, logProbs: whole.tolerance['losses']! },
  };
}

function logitsCase(parameters: Pick<Parameters, 'rows' | 'columns' | 'parts' | 'format'>): OpCase {
  const { rows, columns } = parameters;
  const head = makeHead(parameters);
  const stride = Math.ceil(head.vocabulary / 4) * 4;
  return {
    op: 'head_logits',
    name: describe(parameters),
    rows,
    inputs: {
      hidden: { type: 'f32', shape: ['rows', columns], data: normal('hidden', rows * columns) },
      ...head.inputs,
    },
    build: (builder, tensors) => ({
      logits: headLogits(builder, { hidden: tensors['hidden']!, head: head.weight(tensors) }),
    }),
    reference: {
      forward(values) {
        const logits = new Float64Array(rows * stride);
        for (let row = 0; row < rows; row++) {
          const own = logitsOf(values['hidden']!, head.values, row, columns);
          // Columns beyond the vocabulary repeat the last logit.
          for (let v = 0; v < stride; v++) logits[row * stride + v] = own[Math.min(v, head.vocabulary - 1)]!;
        }
        return { logits };
      },
    },
    tolerance: { logits: 4 * columns },
  };
}

export const cases: readonly OpCase[] = [
  ...combine({ rows: [1, 11], every: [0, 1, 3], format: ['f32', 'f16'] as const }).map((parameters) =>
    crossEntropyCase({ ...parameters, columns: 8, parts: [50] }),
  ),
  crossEntropyCase({ rows: 5, columns: 16, parts: [301], format: 'f32', every: 1, size: 60 }),
  crossEntropyCase({ rows: 9, columns: 8, parts: [64, 64, 3], format: 'f16', every: 2 }),
  crossEntropyCase({
    rows: 9,
    columns: 16,
    parts: [301],
    format: 'f32',
    every: 2,
    size: 60,
    evaluation: true,
  }),
  ...combine({ evaluation: [undefined, true as const], smoothing: [0.1, 0.5] }).map(
    ({ evaluation, smoothing }) =>
      crossEntropyCase({
        rows: 9,
        columns: 8,
        parts: [64, 64, 3],
        format: 'f16',
        every: 2,
        smoothing,
        ...(evaluation && { evaluation }),
      }),
  ),
  crossEntropyCase({ rows: 5, columns: 16, parts: [301], format: 'f32', every: 1, size: 60, smoothing: 0.1 }),
  ...combine({ rows: [1, 11], parts: [[51], [32, 18]], smoothing: [0, 0.1] }).map((parameters) =>
    crossEntropyCase({ ...parameters, columns: 8, format: 'f32', every: 2, trainable: true }),
  ),
  crossEntropyCase({
    rows: 11,
    columns: 8,
    parts: [32, 18],
    format: 'f32',
    every: 2,
    trainable: true,
    dft: true,
    weighted: true,
  }),
  ...combine({ dft: [undefined, true as const], smoothing: [undefined, 0.1] }).flatMap(
    ({ dft, smoothing }) =>
      dft && smoothing
        ? []
        : crossEntropyCase({
            rows: 9,
            columns: 8,
            parts: [64, 64, 3],
            format: 'f16',
            every: 2,
            weighted: true,
            ...(dft && { dft }),
            ...(smoothing && { smoothing }),
          }),
  ),
  ...combine({ evaluation: [undefined, true as const], size: [1, 60] }).map(({ evaluation, size }) =>
    crossEntropyCase({
      rows: 5,
      columns: 16,
      parts: [301],
      format: 'f32',
      every: 1,
      size,
      dft: true,
      ...(evaluation && { evaluation }),
    }),
  ),
  // More rows than a chunk of logits holds.
  crossEntropyCase({
    rows: 150,
    columns: 4,
    parts: [16, 5],
    format: 'f32',
    every: 2,
    trainable: true,
    limits: { maxStorageBufferBindingSize: 64 * 24 * 4 },
  }),
  crossEntropyCase({
    rows: 150,
    columns: 4,
    parts: [20],
    format: 'f32',
    every: 2,
    dft: true,
    weighted: true,
    limits: { maxStorageBufferBindingSize: 64 * 20 * 4 },
  }),
  ...combine({ rows: [1, 11], every: [0, 1, 3] }).map((parameters) =>
    logProbsCase({ ...parameters, columns: 8, parts: [50], format: 'f32' }),
  ),
  logProbsCase({ rows: 9, columns: 8, parts: [64, 64, 3], format: 'f16', every: 2 }),
  logProbsCase({ rows: 11, columns: 8, parts: [32, 19], format: 'f32', every: 2, trainable: true }),
  logProbsCase({
    rows: 150,
    columns: 4,
    parts: [20],
    format: 'f32',
    every: 2,
    limits: { maxStorageBufferBindingSize: 64 * 20 * 4 },
  }),
  logitsCase({ rows: 3, columns: 8, parts: [50], format: 'f32' }),
  logitsCase({ rows: 3, columns: 8, parts: [64, 7], format: 'f16' }),
];
