import { alignUp } from '../core/align';
import type { TrainSettings } from '../core/settings/settings';
import { elementCount } from '../core/shape';
import type { Batch } from '../data/batches';
import { GRADIENTS, PARAMETERS, differentiate } from '../graph/differentiate';
import { plan, type Plan } from '../graph/plan';
import type { Program } from '../graph/program';
import { recompute } from '../graph/recompute';
import { Trace } from '../graph/trace';
import { embeddingNoise } from '../ops/embedding_noise';
import { gradientNorm } from '../ops/gradient_norm';
import { lossSum } from '../ops/loss_sum';
import { metricsRing } from '../ops/metrics_ring';
import { u32, type Limits, type Tensor } from '../ops/op';
import { decoder, headWeight } from './decoder';
import { BoundWeights, type ModelLayout } from './layout';
import { BoundAdapter } from './adapters/bound';
import type { AdapterLayout } from './adapters/layout';
import { objectiveOf } from './objectives';
import type { BatchSlot, LossInputs, LossObjective } from './objectives/objective';
import { optimizerPlan } from './optimizers';
import { METRICS_RING } from './training_program';

/** Inputs of all programs over batches; an objective adds its own. */
const TEXT_SLOTS: readonly BatchSlot[] = [
  { name: 'tokens', ...u32('rows') },
  { name: 'positions', ...u32('rows') },
  { name: 'segments', ...u32('rows', 2) },
];
/**
 * f32 [`metricsWidth`]: mean loss, gradient norm, 1 if a value was not finite, clip coefficient, and the objective's
 * metrics.
 */
export const METRICS = 'metrics';
export const METRICS_RING_SLOT = 'metrics_ring';

export interface TrainingOptions {
  /** The most token rows of a micro-batch. */
  readonly capacity: number;
  readonly limits: Limits;
  readonly settings: TrainSettings;
  /** If absent, the objective that the settings name. */
  readonly objective?: LossObjective;
}

type Objectives = Pick<TrainingOptions, 'settings' | 'objective'>;

function objectiveIn({ settings, objective }: Objectives): LossObjective {
  return objective ?? objectiveOf(settings);
}

/** The inputs of the programs, by slot. */
export function batchSlots(options: Objectives): readonly string[] {
  return [...TEXT_SLOTS, ...objectiveIn(options).slots].map(({ name }) => name);
}

/** Elements of the metrics: those of every step, then the objective's, in vectors of four. */
export function metricsWidth(options: Objectives): number {
  return 4 + alignUp(measuresOf(options).length, 4);
}

/** Names of the objective's metrics beside the loss, in their order in the buffer. */
export function measuresOf(options: Objectives): readonly string[] {
  return objectiveIn(options).metrics(options.settings);
}

/** Forward and backward pass of one micro-batch: writes the gradients and the loss, or adds to them. */
export function planMicroBatch(model: ModelLayout, adapter: AdapterLayout, options: TrainingOptions): Plan {
  const trace = new Trace();
  const bound = new BoundAdapter(trace, adapter, true);
  applyLoss(trace, model, bound, options, { noise: options.settings.neftune_noise_alpha });
  differentiate(trace, { wanted: bound.tensors });
  const nodes = options.settings.gradient_checkpointing ? recompute(trace) : trace.nodes;
  return plan(trace, nodes, options);
}

/** Only the loss, without dropout and noise. */
export function planEvaluation(
  model: ModelLayout,
  adapter: AdapterLayout | undefined,
  options: TrainingOptions,
): Plan {
  const trace = new Trace();
  const bound = adapter && new BoundAdapter(trace, adapter, false);
  applyLoss(trace, model, bound, options);
  return plan(trace, trace.nodes, options);
}

/** Gradient norm, clipping, the optimiser's step, and a copy of the window's metrics into the ring. */
export function planOptimizer(
  adapter: AdapterLayout,
  options: Pick<TrainingOptions, 'limits' | 'settings' | 'objective'>,
): Plan {
  const { limits, settings } = options;
  const width = metricsWidth(options);
  const trace = new Trace();
  const flat = (slot: string) => trace.bound(slot, 'f32', [adapter.size]);
  const metrics = trace.bound(METRICS, 'f32', [width]);
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
  metricsRing(trace, { metrics, ring: trace.bound(METRICS_RING_SLOT, 'f32', [METRICS_RING, width]) });
  return plan(trace, trace.nodes, { capacity: 1, limits });
}

function applyLoss(
  trace: Trace,
  model: ModelLayout,
  adapter: BoundAdapter | undefined,
  options: TrainingOptions,
  training?: { readonly noise: TrainSettings['neftune_noise_alpha'] },
): void {
  const objective = objectiveIn(options);
  const slots = new Map(
    [...TEXT_SLOTS, ...objective.slots].map(({ name, type, shape }) => [
      name,
      trace.bound(name, type, shape),
    ]),
  );
  const slot = (name: string): Tensor => {
    const tensor = slots.get(name);
    if (!tensor) throw new Error(`the objective has no slot ${name}`);
    return tensor;
  };
  const weights = new BoundWeights(trace, model, adapter);
  const pass = (around: BoundAdapter | undefined, noise?: number | null): Tensor => {
    const segments = slot('segments');
    const own = around === adapter ? weights : new BoundWeights(trace, model, around);
    return decoder(trace, model.spec, own, around, {
      tokens: slot('tokens'),
      rows: { kind: 'segments', segments, positions: slot('positions') },
      ...(typeof noise === 'number' && {
        embedded: (x) => embeddingNoise(trace, { x, segments }, { alpha: noise }),
      }),
    });
  };
  const hidden = once(() => pass(adapter, training?.noise));
  const inputs: LossInputs = {
    hidden,
    referenceHidden: adapter ? once(() => pass(undefined)) : hidden,
    head: headWeight(model.spec, weights),
    referenceHead: headWeight(model.spec, new BoundWeights(trace, model)),
    slot,
    train: training !== undefined,
  };
  const { losses, metrics: measured } = objective.loss(trace, inputs, options.settings);
  const metrics = trace.bound(METRICS, 'f32', [metricsWidth(options)]);
  lossSum(trace, { losses, metrics });
  for (const [index, values] of measured.entries()) lossSum(trace, { losses: values, metrics }, 4 + index);
}

/** Returns the same tensor at every call. */
function once(make: () => Tensor): () => Tensor {
  let made: Tensor | undefined;
  return () => (made ??= make());
}

export function writeBatch(program: Program, batch: Batch, slots: readonly string[]): void {
  const { tokens, positions, segments, targets, weights, more } = batch;
  const arrays: Readonly<Record<string, Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>>> = {
    tokens,
    positions,
    segments,
    targets,
    weights,
    ...more,
  };
  for (const slot of slots) {
    const array = arrays[slot];
    if (!array) throw new Error(`a batch lacks ${slot}`);
    program.write(slot, array);
  }
}
