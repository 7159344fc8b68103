import {
  defineOp,
  f32,
  read,
  rowElements,
  spread,
  update,
  write,
  type Binding,
  type Builder,
  type Dispatch,
  type Lowering,
  type Tensor,
  type Tensors,
} from './op';

const THREADS = 64;

export interface ShortConvolutionInputs extends Tensors {
  /** f32 [rows, 3 · channels]: a row's B, then its C, then its x. */
  readonly bcx: Tensor;
  /** f32 [channels · kernel], the values of one channel side by side, that of the row itself last. */
  readonly weight: Tensor;
  /** f32 [channels] */
  readonly bias: Tensor | undefined;
}

interface Segmented extends ShortConvolutionInputs {
  /** u32 [rows, 2]: first row and end (exclusive) of the example that the row belongs to. */
  readonly segments: Tensor;
}

interface Cached extends ShortConvolutionInputs {
  /** f32 [ring rows, channels], bound: B ⊙ x of the row p of a sequence is in row p mod (ring rows). */
  readonly state: Tensor;
}

const definition = defineOp<Segmented, { y: Tensor }, undefined>({
  name: 'short_convolution',
  lower({ inputs: { bcx, weight, bias, segments }, outputs: { y } }, lowering) {
    const bindings = [read(bcx), read(weight), write(y), read(segments)];
    return [dispatchOf('short_convolution', { weight, bias, y }, bindings, lowering)];
  },
  gradient({ inputs, outputs }, tape) {
    const dy = tape.gradientOf(outputs.y);
    if (!dy) return;
    const { bcx, weight, bias, segments } = inputs;
    const sizes = sizesOf(weight, dy);
    for (const [target, isBias] of [[weight, false] as const, [bias, true] as const]) {
      if (!tape.needsGradient(target)) continue;
      const { tensor: gradient, further } = tape.parameterGradient(target);
      tape.apply(weightGradient, { dy, bcx, segments, gradient }, {}, { ...sizes, isBias, further });
    }
    if (!tape.needsGradient(bcx)) return;
    const { dbcx } = tape.apply(gradientDefinition, { ...inputs, dy }, { dbcx: inputs.bcx }, undefined);
    tape.addGradient(bcx, dbcx);
  },
});

interface WeightGradientInputs extends Tensors {
  readonly dy: Tensor;
  readonly bcx: Tensor;
  readonly segments: Tensor;
  readonly gradient: Tensor;
}

interface WeightGradientAttributes {
  readonly channels: number;
  readonly kernel: number;
  /** Of the bias in place of the weight. */
  readonly isBias: boolean;
  readonly further: boolean;
}

const weightGradient = defineOp<WeightGradientInputs, Record<string, never>, WeightGradientAttributes>({
  name: 'short_convolution_weight_gradient',
  lower({ inputs: { dy, bcx, segments, gradient }, attributes }, { limits }) {
    const { channels, kernel, isBias, further } = attributes;
    const count = isBias ? channels : channels * kernel;
    return [
      {
        kernel: 'short_convolution_weight_gradient',
        constants: { BIAS: isBias },
        overrides: { channels, further: Number(further), ...(!isBias && { kernel }) },
        bindings: [read(dy), read(bcx), read(segments), update(gradient)],
        workgroups: () => spread(Math.ceil(count / 4), limits.maxComputeWorkgroupsPerDimension),
        flops: (rows) => 4 * rows * count,
      },
    ];
  },
});

const gradientDefinition = defineOp<Segmented & { readonly dy: Tensor }, { dbcx: Tensor }, undefined>({
  name: 'short_convolution_gradient',
  lower({ inputs: { dy, bcx, weight, bias, segments }, outputs: { dbcx } }, lowering) {
    const bindings = [read(dy), read(bcx), read(weight), read(segments), write(dbcx)];
    return [dispatchOf('short_convolution_gradient', { weight, bias, y: dy }, bindings, lowering)];
  },
});

const cachedDefinition = defineOp<Cached, { y: Tensor }, undefined>({
  name: 'cached_short_convolution',
  lower({ inputs: { bcx, weight, bias, state }, outputs: { y } }, lowering) {
    const ring_rows = Number(state.shape[0]);
    const { kernel } = sizesOf(weight, y);
    if (ring_rows < lowering.capacity + kernel - 1) {
      throw new Error(
        `${ring_rows} rows of state do not hold ${lowering.capacity} rows and those before them`,
      );
    }
    const touched = { ...update(state), touches: (rows: number) => rows * rowElements(state.shape) * 4 };
    const bindings = [read(bcx), read(weight), write(y), touched];
    const dispatch = dispatchOf('short_convolution', { weight, bias, y }, bindings, lowering);
    const overrides = { ...dispatch.overrides, ring_rows };
    return [{ ...dispatch, constants: { ...dispatch.constants, CACHED: true }, overrides }];
  },
});

function sizesOf(weight: Tensor, y: Tensor): { channels: number; kernel: number } {
  const channels = rowElements(y.shape);
  return { channels, kernel: Number(weight.shape[0]) / channels };
}

/** One thread per element of y (or dy). */
function dispatchOf(
  kernel: string,
  { weight, bias, y }: { readonly weight: Tensor; readonly bias: Tensor | undefined; readonly y: Tensor },
  bindings: readonly Binding[],
  { limits }: Lowering,
): Dispatch {
  const sizes = sizesOf(weight, y);
  const { channels } = sizes;
  return {
    kernel,
    constants: { ...(bias && { BIAS: true }) },
    overrides: { channels, kernel: sizes.kernel },
    bindings: [...bindings, ...(bias ? [read(bias)] : [])],
    workgroups: (rows) =>
      spread(Math.ceil((rows * channels) / THREADS), limits.maxComputeWorkgroupsPerDimension),
    flops: (rows) => (3 * sizes.kernel + 1) * rows * channels,
  };
}

/**
 * y = C ⊙ (weight ∗ (B ⊙ x) + bias): a causal convolution of each channel over the rows of its example, gated before and
 * after (the short convolution of LFM2). f32 [rows, channels]. A trained weight or bias lies in the
 * slot of the parameters.
 */
export function shortConvolution(builder: Builder, { bcx, weight, bias, segments }: Segmented): Tensor {
  const y = f32('rows', rowElements(bcx.shape) / 3);
  return builder.apply(definition, { bcx, weight, bias, segments }, { y }, undefined).y;
}

/**
 * The same for the rows of one sequence from `run.past` on. The state holds the rows before them, and is updated. Not
 * differentiated.
 */
export function cachedShortConvolution(builder: Builder, { bcx, weight, bias, state }: Cached): Tensor {
  const y = f32('rows', rowElements(bcx.shape) / 3);
  return builder.apply(cachedDefinition, { bcx, weight, bias, state }, { y }, undefined).y;
}
