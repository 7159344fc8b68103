import { alignUp } from '../core/align';
import {
  f32,
  update,
  read,
  type Builder,
  type Dispatch,
  type Lowering,
  type Tensor,
  type Tensors,
  type TensorType,
  defineOp,
} from './op';
import { rowOperations } from './products/dense_parts';
import { matmul, matmulTransposed } from './products/products';
import { rowsOfDispatch, windowsOfRows, type RowWindow } from './products/row_windows';
import { weightTensors, type DenseWeight } from './weight';

export interface HeadCrossEntropyInputs {
  /** f32 [rows, in] */
  readonly hidden: Tensor;
  /** [vocabulary, in] */
  readonly head: DenseWeight;
  /** u32 [rows]; 0xffffffff where there is nothing to predict. */
  readonly targets: Tensor;
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
}

/** What the logits of a chunk of rows may take. */
const LOGITS_BYTES = 32 * 1024 * 1024;

const definition = defineOp<Inputs, Outputs, Attributes>({
  name: 'head_cross_entropy',
  loss: true,
  lower({ inputs: { hidden, targets }, outputs, attributes: { head, smoothing } }, lowering) {
    const { losses } = outputs;
    const nll = outputs['nll'];
    const hiddenGradient = outputs['hiddenGradient'];
    const chunks = windowsOfRows(lowering.capacity, chunkRows(head, lowering));
    const most = Math.max(...chunks.map(({ count }) => count));
    const logits = lowering.temporary('logits', f32(most, paddedColumns(head)));
    const dispatches: Dispatch[] = [];
    for (const window of chunks) {
      dispatches.push(...matmul(lowering, { x: hidden, y: logits, weight: head, window, scratch: true }));
      const withGradient = hiddenGradient !== undefined;
      dispatches.push(
        crossEntropy(lowering, head, { logits, targets, losses, nll, smoothing, window, withGradient }),
      );
      if (!hiddenGradient) continue;
      const request = { dy: logits, dx: hiddenGradient, weight: head, window, scratch: true };
      dispatches.push(...matmulTransposed(lowering, request));
    }
    return dispatches;
  },
  gradient({ inputs: { hidden }, outputs }, tape) {
    const hiddenGradient = outputs['hiddenGradient'];
    if (hiddenGradient && tape.needsGradient(hidden)) tape.addGradient(hidden, hiddenGradient);
  },
});

/**
 * The last linear map and the cross-entropy in one: losses[m] = log Σ exp(logits[m]) - logits[m, target], f32 [rows], 0
 * where the target is ignored. The logits of a few rows at a time are held, never all; the gradient of
 * `run.loss_scale` · Σ losses is made on the way, with `withGradient`, since the logits are gone afterwards.
 *
 * @param options.smoothing ε, from 0 to below 1: losses[m] then is (1 - ε) of that and ε of the mean over the vocabulary of
 * -log p, and `nll` has the plain losses (transformers' `LabelSmoother`)
 */
export function headCrossEntropy(
  builder: Builder,
  { hidden, head, targets }: HeadCrossEntropyInputs,
  { withGradient, smoothing = 0 }: { readonly withGradient: boolean; readonly smoothing?: number },
): { readonly losses: Tensor; readonly nll?: Tensor } {
  const outputs: { losses: TensorType } & Record<string, TensorType> = {
    losses: f32('rows'),
    ...(smoothing > 0 && { nll: f32('rows') }),
    ...(withGradient && { hiddenGradient: f32('rows', head.in) }),
  };
  return builder.apply(definition, { hidden, targets, ...weightTensors(head) }, outputs, { head, smoothing });
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
  readonly losses: Tensor;
  readonly nll?: Tensor | undefined;
  readonly smoothing?: number;
  readonly window: RowWindow;
  readonly withGradient: boolean;
}

function crossEntropy(
  { limits }: Lowering,
  head: DenseWeight,
  { logits, targets, losses, nll, smoothing = 0, window, withGradient }: CrossEntropyRequest,
): Dispatch {
  const { first, count } = window;
  const rowsIn = (rows: number): number => Math.min(Math.max(rows - first, 0), count);
  const at = { offset: first * 4, size: count * 4 };
  return {
    kernel: 'cross_entropy',
    constants: { GRADIENT: withGradient, ...(nll && { SMOOTHING: true }) },
    overrides: {
      vocabulary: head.out,
      stride: paddedColumns(head),
      max_rows: count,
      threads: limits.software ? 16 : 256,
      ...(nll && { smoothing }),
    },
    bindings: [
      withGradient ? update(logits) : read(logits),
      { ...read(targets), ...at },
      { tensor: losses, access: 'write', ...at },
      ...(nll ? [{ tensor: nll, access: 'write' as const, ...at }] : []),
    ],
    workgroups: (rows) => [rowsIn(rows), 1, 1],
    flops: (rows) => 8 * rowsIn(rows) * head.out,
  };
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
