import type { Batch } from '../data/batches';
import { GRADIENTS, PARAMETERS, differentiate } from '../graph/differentiate';
import { plan, type Plan } from '../graph/plan';
import type { Program } from '../graph/program';
import { recompute } from '../graph/recompute';
import { Trace } from '../graph/trace';
import { adamw } from '../ops/adamw';
import { gradientNorm } from '../ops/gradient_norm';
import { headCrossEntropy } from '../ops/head_cross_entropy';
import { lossSum } from '../ops/loss_sum';
import { metricsRing } from '../ops/metrics_ring';
import type { Limits } from '../ops/op';
import { MOMENT1, MOMENT2 } from './adapter';
import { decoder, headWeight } from './decoder';
import { BoundWeights, type ModelLayout } from './layout';
import { BoundAdapter } from './adapters/bound';
import type { AdapterLayout } from './adapters/layout';
import { METRICS_RING } from './training_program';

/** Inputs of the programs, by slot. */
export const BATCH_SLOTS = ['tokens', 'positions', 'segments', 'targets'] as const;
/** f32 [4]: mean loss, gradient norm, 1 where something was not finite, clip coefficient. */
export const METRICS = 'metrics';
export const METRICS_RING_SLOT = 'metrics_ring';

export interface TrainingOptions {
  /** The most token rows of a micro-batch. */
  readonly capacity: number;
  readonly limits: Limits;
  readonly gradient_checkpointing: boolean;
}

/** Forward and backward pass of one micro-batch: gradients and the loss are set or added to. */
export function planMicroBatch(model: ModelLayout, adapter: AdapterLayout, options: TrainingOptions): Plan {
  const trace = new Trace();
  const bound = new BoundAdapter(trace, adapter, true);
  applyLoss(trace, model, bound, true);
  differentiate(trace, { wanted: bound.tensors });
  const nodes = options.gradient_checkpointing ? recompute(trace) : trace.nodes;
  return plan(trace, nodes, options);
}

/** Loss alone, without dropout. */
export function planEvaluation(
  model: ModelLayout,
  adapter: AdapterLayout | undefined,
  { capacity, limits }: Omit<TrainingOptions, 'gradient_checkpointing'>,
): Plan {
  const trace = new Trace();
  const bound = adapter && new BoundAdapter(trace, adapter, false);
  applyLoss(trace, model, bound, false);
  return plan(trace, trace.nodes, { capacity, limits });
}

/** Norm, clip, AdamW, and the window's metrics into the ring. */
export function planOptimizer(adapter: AdapterLayout, limits: Limits): Plan {
  const trace = new Trace();
  const flat = (slot: string) => trace.bound(slot, 'f32', [adapter.size]);
  const metrics = trace.bound(METRICS, 'f32', [4]);
  const gradients = flat(GRADIENTS);
  gradientNorm(trace, { gradients, metrics });
  const parameters = flat(PARAMETERS);
  adamw(trace, { parameters, gradients, moment1: flat(MOMENT1), moment2: flat(MOMENT2), metrics });
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
    context: { kind: 'segments', segments, positions: rows('positions') },
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
