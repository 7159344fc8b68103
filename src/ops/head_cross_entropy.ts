import { alignUp } from '../core/align';
import {
  f32,
  update,
  write,
  read,
  type Builder,
  type Dispatch,
  type Lowering,
  type Tape,
  type Tensor,
  type Tensors,
  type TensorType,
  defineOp,
} from './op';
import { rowOperations } from './products/dense_parts';
import { matmul, matmulTransposed } from './products/products';
import { rowsOfDispatch, windowsOfRows, type RowWindow } from './products/row_windows';
import { weightGradientProducts, weightGradients } from './weight_gradient';
import { weightTensors, type DenseWeight } from './weight';

export interface HeadCrossEntropyInputs {
  /** f32 [rows, in] */
  readonly hidden: Tensor;
  /** [vocabulary, in] */
  readonly head: DenseWeight;
  /** u32 [rows]; 0xffffffff where there is nothing to predict. */
  readonly targets: Tensor;
}

/** How a token's loss is made of its negative log-likelihood. */
export interface CrossEntropyOptions {
  readonly withGradient: boolean;
  /** ε, from 0 to below 1, of transformers' `LabelSmoother`. Not together with `dft`. */
  readonly smoothing?: number;
  /** Whether a loss is weighted by the target's probability: Dynamic Fine-Tuning (arXiv 2508.05629). */
  readonly dft?: boolean;
}

interface Inputs extends Tensors {
  readonly hidden: Tensor;
  readonly targets: Tensor;
}

interface Outputs extends Record<string, Tensor> {
  readonly losses: Tensor;
}

interface HeadAttributes {
  readonly head: DenseWeight;
}

interface Attributes extends HeadAttributes {
  readonly smoothing: number;
  readonly dft: boolean;
}

/** Most bytes of the logits of a chunk of rows. */
const LOGITS_BYTES = 32 * 1024 * 1024;

const definition = defineOp<Inputs, Outputs, Attributes>({
  name: 'head_cross_entropy',
  loss: true,
  lower({ inputs: { hidden, targets, weights }, outputs, attributes: { head, smoothing, dft } }, lowering) {
    const { losses } = outputs;
    const nll = outputs['nll'];
    const hiddenGradient = outputs['hiddenGradient'];
    const withGradient = hiddenGradient !== undefined;
    return chunked(lowering, head, ({ logits, window }) => [
      ...matmul(lowering, { x: hidden, y: logits, weight: head, window, scratch: true }),
      crossEntropy(lowering, head, {
        logits,
        targets,
        losses,
        nll,
        weights,
        smoothing,
        dft,
        window,
        withGradient,
      }),
      ...(hiddenGradient
        ? matmulTransposed(lowering, { dy: logits, dx: hiddenGradient, weight: head, window, scratch: true })
        : []),
    ]);
  },
  gradient({ inputs: { hidden, targets, weights }, outputs, attributes }, tape) {
    const { hiddenGradient } = outputs['hiddenGradient']
      ? { hiddenGradient: outputs['hiddenGradient'] }
      : backward(tape, { hidden, targets, ...(weights && { weights }) }, attributes);
    if (hiddenGradient && tape.needsGradient(hidden)) tape.addGradient(hidden, hiddenGradient);
  },
});

interface BackwardInputs extends Inputs {
  readonly coefficients?: Tensor | undefined;
}

interface BackwardAttributes extends Attributes {
  readonly further: readonly boolean[];
}

/** Makes the logits once more, for their gradient and what follows from it: those of the hidden states and of a trained head. */
const backwardDefinition = defineOp<BackwardInputs, Record<string, Tensor>, BackwardAttributes>({
  name: 'head_backward',
  lower({ inputs, outputs, attributes: { head, smoothing, dft, further } }, lowering) {
    const { hidden, targets, coefficients, weights } = inputs;
    const { hiddenGradient } = outputs;
    return chunked(lowering, head, ({ logits, window }) => [
      ...matmul(lowering, { x: hidden, y: logits, weight: head, window, scratch: true }),
      crossEntropy(lowering, head, {
        logits,
        targets,
        coefficients,
        weights,
        smoothing,
        dft,
        window,
        withGradient: true,
      }),
      ...weightGradientProducts(
        lowering,
        inputs,
        { weight: head, further },
        { dy: logits, x: hidden, window, scratch: true },
      ),
      ...(hiddenGradient
        ? matmulTransposed(lowering, { dy: logits, dx: hiddenGradient, weight: head, window, scratch: true })
        : []),
    ]);
  },
});

/** @param inputs without `coefficients` for the gradient of `run.loss_scale` · Σ losses */
function backward(
  tape: Tape,
  inputs: BackwardInputs,
  { head, smoothing, dft }: Attributes,
): Record<string, Tensor> {
  const { tensors, further } = weightGradients(tape, head);
  const types: Record<string, TensorType> = tape.needsGradient(inputs.hidden)
    ? { hiddenGradient: f32('rows', head.in) }
    : {};
  const all = { ...inputs, ...weightTensors(head), ...tensors };
  return tape.apply(backwardDefinition, all, types, { head, smoothing, dft, further });
}

/**
 * The last linear map and the cross-entropy in one: losses[m] = log Σ exp(logits[m]) - logits[m, target], f32 [rows], 0
 * where the target is ignored. The logits of a few rows at a time are held, never all; the gradient of
 * `run.loss_scale` · Σ losses is made on the way, with `withGradient`, since the logits are gone afterwards. If the head is
 * trained, the backward pass makes them once more.
 *
 * With `smoothing` losses[m] is (1 - ε) of that and ε of the mean over the vocabulary of -log p. With `dft` it is p times
 * that, for p = exp(-that), through which no gradient goes. With either, `nll` has the plain losses.
 *
 * @param inputs.weights f32 [rows]: losses[m] is multiplied by weights[m], and `nll` is not
 */
export function headCrossEntropy(
  builder: Builder,
  { hidden, head, targets, weights }: HeadCrossEntropyInputs & { readonly weights?: Tensor | undefined },
  { withGradient, smoothing = 0, dft = false }: CrossEntropyOptions,
): { readonly losses: Tensor; readonly nll?: Tensor } {
  if (dft && smoothing > 0) throw new Error('a loss is smoothed or weighted by its probability, not both');
  const outputs: { losses: TensorType } & Record<string, TensorType> = {
    losses: f32('rows'),
    ...((smoothing > 0 || dft) && { nll: f32('rows') }),
    ...(withGradient && !head.isTrained && { hiddenGradient: f32('rows', head.in) }),
  };
  const inputs = { hidden, targets, ...(weights && { weights }), ...weightTensors(head) };
  return builder.apply(definition, inputs, outputs, { head, smoothing, dft });
}

/** The dispatches of each chunk of rows, whose logits lie at the same place. */
function chunked(
  lowering: Lowering,
  head: DenseWeight,
  dispatchesOf: (chunk: { readonly logits: Tensor; readonly window: RowWindow }) => readonly Dispatch[],
): readonly Dispatch[] {
  const chunks = windowsOfRows(lowering.capacity, chunkRows(head, lowering));
  const most = Math.max(...chunks.map(({ count }) => count));
  const logits = lowering.temporary('logits', f32(most, paddedColumns(head)));
  return chunks.flatMap((window) => dispatchesOf({ logits, window }));
}

/** Rows whose logits are held, and whose products are dispatched, at once. */
function chunkRows(head: DenseWeight, { limits }: Lowering): number {
  const bytes = Math.min(LOGITS_BYTES, limits.maxStorageBufferBindingSize);
  const operations = Math.max(...head.parts.map((part) => rowOperations(head, part)));
  return Math.min(Math.floor(bytes / (paddedColumns(head) * 4)), rowsOfDispatch(limits, operations));
}

interface CrossEntropyRequest {
  /** Becomes the logits' gradient, `withGradient`. */
  readonly logits: Tensor;
  readonly targets: Tensor;
  /** At most one of the three: what is written, or the gradient of the log-probabilities that is read. */
  readonly losses?: Tensor;
  readonly logProbs?: Tensor;
  readonly coefficients?: Tensor | undefined;
  readonly nll?: Tensor | undefined;
  readonly weights?: Tensor | undefined;
  readonly smoothing?: number;
  readonly dft?: boolean;
  readonly window: RowWindow;
  readonly withGradient: boolean;
}

function crossEntropy({ limits }: Lowering, head: DenseWeight, request: CrossEntropyRequest): Dispatch {
  const {
    logits,
    targets,
    losses,
    logProbs,
    coefficients,
    nll,
    weights,
    smoothing = 0,
    dft = false,
    window,
    withGradient,
  } = request;
  const { first, count } = window;
  const rowsIn = (rows: number): number => Math.min(Math.max(rows - first, 0), count);
  const at = { offset: first * 4, size: count * 4 };
  return {
    kernel: 'cross_entropy',
    constants: {
      GRADIENT: withGradient,
      ...((losses ?? logProbs) && { LOSSES: true }),
      ...(nll && { NLL: true }),
      ...(smoothing > 0 && { SMOOTHING: true }),
      ...(dft && { DFT: true }),
      ...(weights && { WEIGHTS: true }),
      ...(logProbs && { LOG_PROBS: true }),
      ...(coefficients && { COEFFICIENTS: true }),
    },
    overrides: {
      vocabulary: head.out,
      stride: paddedColumns(head),
      max_rows: count,
      threads: limits.software ? 16 : 256,
      ...(smoothing > 0 && { smoothing }),
    },
    bindings: [
      withGradient ? update(logits) : read(logits),
      { ...read(targets), ...at },
      ...(coefficients ? [{ ...read(coefficients), ...at }] : []),
      ...[losses, logProbs].flatMap((tensor) => (tensor ? [{ ...write(tensor), ...at }] : [])),
      ...(nll ? [{ ...write(nll), ...at }] : []),
      ...(weights ? [{ ...read(weights), ...at }] : []),
    ],
    workgroups: (rows) => [rowsIn(rows), 1, 1],
    flops: (rows) => 8 * rowsIn(rows) * head.out,
  };
}

interface LogProbsOutputs extends Record<string, Tensor> {
  readonly logProbs: Tensor;
}

const logProbsDefinition = defineOp<Inputs, LogProbsOutputs, HeadAttributes>({
  name: 'head_log_probs',
  lower({ inputs: { hidden, targets }, outputs: { logProbs }, attributes: { head } }, lowering) {
    return chunked(lowering, head, ({ logits, window }) => [
      ...matmul(lowering, { x: hidden, y: logits, weight: head, window, scratch: true }),
      crossEntropy(lowering, head, { logits, targets, logProbs, window, withGradient: false }),
    ]);
  },
  gradient({ inputs: { hidden, targets }, outputs: { logProbs }, attributes: { head } }, tape) {
    const coefficients = tape.gradientOf(logProbs);
    if (!coefficients) return;
    const { hiddenGradient } = backward(
      tape,
      { hidden, targets, coefficients },
      { head, smoothing: 0, dft: false },
    );
    if (hiddenGradient) tape.addGradient(hidden, hiddenGradient);
  },
});

/**
 * The log-probability of each row's target, f32 [rows], 0 if the target is ignored: for losses that are no mean over
 * tokens. The logits of a few rows at a time are held, never all; the backward pass makes them once more.
 */
export function headLogProbs(builder: Builder, { hidden, head, targets }: HeadCrossEntropyInputs): Tensor {
  const inputs = { hidden, targets, ...weightTensors(head) };
  return builder.apply(logProbsDefinition, inputs, { logProbs: f32('rows') }, { head }).logProbs;
}

interface LogitsInputs extends Tensors {
  readonly hidden: Tensor;
}

const logitsDefinition = defineOp<LogitsInputs, { logits: Tensor }, HeadAttributes>({
  name: 'head_logits',
  lower({ inputs: { hidden }, outputs: { logits }, attributes: { head } }, lowering) {
    // One row is the last one, whatever the number of rows in use.
    const window = hidden.shape[0] === 1 ? { first: 0, count: 1 } : undefined;
    return matmul(lowering, { x: hidden, y: logits, weight: head, window });
  },
});

/** Logits, f32 [rows or 1, vocabulary padded to a multiple of 4]; what is beyond the vocabulary means nothing. */
export function headLogits(
  builder: Builder,
  { hidden, head }: Pick<HeadCrossEntropyInputs, 'hidden' | 'head'>,
): Tensor {
  const type: TensorType = { type: 'f32', shape: [hidden.shape[0] ?? 'rows', paddedColumns(head)] };
  return builder.apply(logitsDefinition, { hidden, ...weightTensors(head) }, { logits: type }, { head })
    .logits;
}

function paddedColumns(head: DenseWeight): number {
  return alignUp(head.out, 4);
}
