import {
  elements,
  f32,
  read,
  rowElements,
  spread,
  update,
  write,
  type Builder,
  type Lowering,
  type Tape,
  type Tensor,
  type Workgroups,
  defineOp,
} from './op';

/** Threads of a workgroup. */
const THREADS = 64;
/** Threads of a group on software adapters, whose barriers are dear: the more groups share each of them. */
const SOFTWARE_LANES = 4;

interface Attributes {
  readonly eps: number;
}

interface Inputs {
  readonly [name: string]: Tensor;
  readonly x: Tensor;
  readonly weight: Tensor;
}

interface Outputs {
  readonly [name: string]: Tensor;
  readonly y: Tensor;
  /** f32 [rows, groups], for the gradient. */
  readonly invRms: Tensor;
}

const definition = defineOp<Inputs, Outputs, Attributes>({
  name: 'rms_norm',
  lower({ inputs: { x, weight }, outputs: { y, invRms }, attributes: { eps } }, lowering) {
    const { constants, overrides, workgroups } = layout(weight, invRms, lowering);
    return [
      {
        kernel: 'rms_norm',
        constants: { ...constants, ADD: false },
        overrides: { ...overrides, eps },
        bindings: [read(x), read(weight), write(y), write(invRms)],
        workgroups,
      },
    ];
  },
  gradient({ inputs: { x, weight }, outputs: { y, invRms } }, tape) {
    const dy = tape.gradientOf(y);
    if (!dy) return;
    weightGradient(tape, { dy, x, weight, invRms });
    if (!tape.needsGradient(x)) return;
    const before = tape.gradientOf(x);
    const inputs = { dy, x, weight, invRms, ...(before && { before }) };
    tape.setGradient(x, tape.apply(gradientDefinition, inputs, { dx: x }, null).dx);
  },
});

interface AddInputs extends Inputs {
  readonly delta: Tensor;
}

interface AddOutputs extends Outputs {
  readonly sum: Tensor;
}

const addDefinition = defineOp<AddInputs, AddOutputs, Attributes>({
  name: 'add_rms_norm',
  lower({ inputs: { x, delta, weight }, outputs: { y, sum, invRms }, attributes: { eps } }, lowering) {
    const { constants, overrides, workgroups } = layout(weight, invRms, lowering);
    return [
      {
        kernel: 'rms_norm',
        constants: { ...constants, ADD: true },
        overrides: { ...overrides, eps },
        bindings: [read(x), read(weight), write(y), write(invRms), read(delta), write(sum)],
        workgroups,
      },
    ];
  },
  gradient({ inputs: { x, delta, weight }, outputs: { y, sum, invRms } }, tape) {
    const dy = tape.gradientOf(y);
    if (dy) weightGradient(tape, { dy, x: sum, weight, invRms });
    if (!tape.needsGradient(x) && !tape.needsGradient(delta)) return;
    const before = tape.gradientOf(sum);
    const inputs = dy && { dy, x: sum, weight, invRms, ...(before && { before }) };
    const total = inputs ? tape.apply(gradientDefinition, inputs, { dx: sum }, null).dx : before;
    if (!total) return;
    // The sum hands its gradient to both of its terms: one tensor serves both.
    if (tape.needsGradient(x)) tape.addGradient(x, total);
    if (tape.needsGradient(delta)) tape.addGradient(delta, total);
  },
});

interface GradientInputs {
  readonly [name: string]: Tensor | undefined;
  readonly dy: Tensor;
  readonly x: Tensor;
  readonly weight: Tensor;
  readonly invRms: Tensor;
  /** The gradient of x so far. */
  readonly before?: Tensor;
}

const gradientDefinition = defineOp<GradientInputs, { dx: Tensor }, null>({
  name: 'rms_norm_gradient',
  lower({ inputs: { dy, x, weight, invRms, before }, outputs: { dx } }, lowering) {
    const { constants, overrides, workgroups } = layout(weight, invRms, lowering);
    return [
      {
        kernel: 'rms_norm_gradient',
        constants: { ...constants, FURTHER: before !== undefined },
        overrides,
        bindings: [
          read(dy),
          read(x),
          read(weight),
          read(invRms),
          write(dx),
          ...(before ? [read(before)] : []),
        ],
        workgroups,
      },
    ];
  },
});

interface WeightGradientInputs {
  readonly [name: string]: Tensor;
  readonly dy: Tensor;
  readonly x: Tensor;
  readonly invRms: Tensor;
  readonly gradient: Tensor;
}

const weightGradientDefinition = defineOp<
  WeightGradientInputs,
  Record<string, never>,
  { readonly further: boolean }
>({
  name: 'rms_norm_weight_gradient',
  lower({ inputs: { dy, x, invRms, gradient }, attributes: { further } }, lowering) {
    const { constants, overrides } = layout(gradient, invRms, lowering);
    const { columns } = overrides;
    return [
      {
        kernel: 'rms_norm_weight_gradient',
        constants,
        overrides: { columns, groups: rowElements(invRms.shape), further: Number(further) },
        bindings: [read(dy), read(x), read(invRms), update(gradient)],
        workgroups: () => [Math.ceil(columns / 4), 1, 1],
      },
    ];
  },
});

function weightGradient(
  tape: Tape,
  { dy, x, weight, invRms }: { dy: Tensor; x: Tensor; weight: Tensor; invRms: Tensor },
): void {
  if (!tape.needsGradient(weight)) return;
  const { tensor: gradient, further } = tape.parameterGradient(weight);
  tape.apply(weightGradientDefinition, { dy, x, invRms, gradient }, {}, { further });
}

/** How the kernels go over groups of as many elements as `weight` has. */
function layout(
  weight: Tensor,
  invRms: Tensor,
  { limits }: Lowering,
): {
  constants: { SCALAR: boolean };
  overrides: { columns: number; size: number; lanes: number };
  workgroups: (rows: number) => Workgroups;
} {
  const size = elements(weight.shape, 1);
  const scalar = size % 4 !== 0;
  const columns = scalar ? size : size / 4;
  const lanes = Math.min(limits.software ? SOFTWARE_LANES : THREADS, 2 ** Math.floor(Math.log2(columns)));
  return {
    constants: { SCALAR: scalar },
    overrides: { columns, size, lanes },
    workgroups: (rows) =>
      spread(
        Math.ceil((elements(invRms.shape, rows) * lanes) / THREADS),
        limits.maxComputeWorkgroupsPerDimension,
      ),
  };
}

/**
 * Root-mean-square norm (Zhang & Sennrich 2019): y = x / √(mean(x²) + eps) ⊙ weight, where x is f32
 * [rows, groups * columns] and weight f32 [columns]. Each of the `groups` (1 unless given) is normalised by itself:
 * a head at a time for Qwen3's q and k.
 */
export function rmsNorm(
  builder: Builder,
  { x, weight }: { readonly x: Tensor; readonly weight: Tensor },
  { eps, groups = 1 }: { readonly eps: number; readonly groups?: number },
): Tensor {
  const outputs = { y: x, invRms: f32(x.shape[0] ?? 'rows', groups) };
  return builder.apply(definition, { x, weight }, outputs, { eps }).y;
}

/** sum = x + delta, and y its root-mean-square norm; x, delta, sum and y are f32 [rows, columns]. */
export function addRmsNorm(
  builder: Builder,
  { x, delta, weight }: { readonly x: Tensor; readonly delta: Tensor; readonly weight: Tensor },
  { eps }: { readonly eps: number },
): { readonly y: Tensor; readonly sum: Tensor } {
  const outputs = { y: x, sum: x, invRms: f32(x.shape[0] ?? 'rows', 1) };
  return builder.apply(addDefinition, { x, delta, weight }, outputs, { eps });
}
