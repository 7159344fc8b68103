import { elementCount } from '../core/shape';
import type { Batch } from '../data/batches';
import { GRADIENTS, PARAMETERS, differentiate } from '../graph/differentiate';
import { plan, type Plan } from '../graph/plan';
import type { Program } from '../graph/program';
import { recompute } from '../graph/recompute';
import { Trace } from '../graph/trace';
import { gradientNorm } from '../ops/gradient_norm';
import { headCrossEntropy } from '../ops/head_cross_entropy';
import { lossSum } from '../ops/loss_sum';
import { metricsRing } from '../ops/metrics_ring';
import type { Limits, Tensor } from '../ops/op';
import { decoder, headWeight } from './decoder';
import { BoundWeights, type ModelLayout } from './layout';
import { BoundAdapter } from './adapters/bound';
import type { AdapterLayout } from './adapters/layout';
import { optimizerPlan } from './optimizers';
import type { OptimizerSettings } from './optimizers/optimizer';
import { METRICS_RING } from './training_program';

/** Inputs of the programs, by slot. */
export const BATCH_SLOTS = ['tokens', 'positions', 'segments', 'targets'] as const;
/** f32 [4]: mean loss, gradient norm, 1 where something was not finite, clip coefficient. */
export const METRICS = 'metrics';
export const METRICS_RING_SLOT = 'metrics_ring';

/** The settings of a run that its programs are made by. */
export interface TrainingSettings extends OptimizerSettings {
  readonly gradient_checkpointing: boolean;
}

export interface TrainingOptions {
  /** The most token rows of a micro-batch. */
  readonly capacity: number;
  readonly limits: Limits;
  readonly settings: TrainingSettings;
}

/** Forward and backward pass of one micro-batch: gradients and the loss are set or added to. */
export function planMicroBatch(model: ModelLayout, adapter: AdapterLayout, options: TrainingOptions): Plan {
  const trace = new Trace();
  const bound = new BoundAdapter(trace, adapter, true);
  applyLoss(trace, model, bound, true);
  differentiate(trace, { wanted: bound.tensors });
  const nodes = options.settings.gradient_checkpointing ? recompute(trace) : trace.nodes;
  return plan(trace, nodes, options);
}

/** Loss alone, without dropout. */
export function planEvaluation(
  model: ModelLayout,
  adapter: AdapterLayout | undefined,
  { capacity, limits }: Omit<TrainingOptions, 'settings'>,
): Plan {
  const trace = new Trace();
  const bound = adapter && new BoundAdapter(trace, adapter, false);
  applyLoss(trace, model, bound, false);
  return plan(trace, trace.nodes, { capacity, limits });
}

/** Norm, clip, the optimiser's step, and the window's metrics into the ring. */
export function planOptimizer(
  adapter: AdapterLayout,
  { limits, settings }: Pick<TrainingOptions, 'limits' | 'settings'>,
): Plan {
  const trace = new Trace();
  const flat = (slot: string) => trace.bound(slot, 'f32', [adapter.size]);
  const metrics = trace.bound(METRICS, 'f32', [4]);
  const gradients = flat(GRADIENTS);
  gradientNorm(trace, { gradients, metrics });
  const { state, tables, step } = optimizerPlan(adapter, settings);
  const named = new Map<string, Tensor>();
  for (const { name, dtype, shape } of state) {
    const count = elementCount(shape);
    const words = dtype === 'U8' ? Math.ceil(count / 4) : count;
    named.set(name, trace.bound(name, dtype === 'F32' ? 'f32' : 'u32', [words]));
  }
  for (const { name, words } of tables) named.set(name, trace.bound(name, 'u32', [words.length]));
  const of = (name: string): Tensor => {
    const tensor = named.get(name);
    if (!tensor) throw new Error(`the optimiser declares no ${name}`);
    return tensor;
  };
  step(trace, { parameters: flat(PARAMETERS), gradients, metrics, of });
  metricsRing(trace, { metrics, ring: trace.bound(METRICS_RING_SLOT, 'f32', [METRICS_RING, 4]) });
  return plan(trace, trace.nodes, { capacity: 1, limits });
}

function applyLoss(
  trace: Trace,
  model: ModelLayout,
  adapter: BoundAdapter | undefined,
  train: boolean,
): void {
  const weights = new BoundWeights(trace, model);
  const rows = (slot: string) => trace.bound(slot, 'u32', ['rows']);
  const segments = trace.bound('segments', 'u32', ['rows', 2]);
  const hidden = decoder(trace, model.spec, weights, adapter, {
    tokens: rows('tokens'),
    rows: { kind: 'segments', segments, positions: rows('positions') },
  });
  const head = headWeight(model.spec, weights);
  const { losses } = headCrossEntropy(
    trace,
    { hidden, head, targets: rows('targets') },
    { withGradient: train },
  );
  lossSum(trace, { losses, metrics: trace.bound(METRICS, 'f32', [4]) });
}

export function writeBatch(program: Program, batch: Batch): void {
  for (const slot of BATCH_SLOTS) program.write(slot, batch[slot]);
}
