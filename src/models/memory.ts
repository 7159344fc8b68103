import { TunesmithError } from '../core/errors';
import type { Plan } from '../graph/plan';
import type { Limits } from '../ops/op';
import { cacheBytes, planChat } from './generation_graph';
import { modelBytes, type ModelLayout } from './layout';
import { DERIVED, FROZEN } from './adapters/bound';
import type { AdapterLayout } from './adapters/layout';
import { startBytes } from './adapters/start';
import { optimizerBytes } from './adapter';
import { optimizerPlan } from './optimizers';
import { METRICS_RING } from './training_program';
import {
  batchSlots,
  metricsWidth,
  planEvaluation,
  planMicroBatch,
  planOptimizer,
  type TrainingOptions,
} from './training_graph';

/** Bytes on the device by purpose, as `BufferPool.allocated` counts them. */
export type MemoryPlan = Readonly<
  Record<'base' | 'adapter' | 'gradients' | 'moments' | 'activations' | 'inputs', number> & {
    /** Peak while the adapter's initial values are computed from the weights, before the rest is allocated. */
    loading?: number;
  }
>;

/**
 * The memory that training will take on the device, from the plans alone, without allocating anything. Throws
 * `buffer_too_large` if the derived or the frozen values of the adapter exceed a buffer.
 */
export function trainingMemory(
  model: ModelLayout,
  adapter: AdapterLayout,
  options: TrainingOptions,
): MemoryPlan {
  checkBuffers(adapter, options.limits);
  const microBatch = planMicroBatch(model, adapter, options);
  const evaluation = planEvaluation(model, adapter, options);
  // Evaluation shares the micro-batch's arenas if they are large enough.
  const extra = evaluation.arenas.filter((bytes, arena) => bytes > (microBatch.arenas[arena] ?? 0));
  const flat = adapter.size * 4;
  const slots = batchSlots(options);
  const width = metricsWidth(options);
  const loading = startBytes(adapter, options.limits);
  return {
    base: modelBytes(model),
    adapter: adapterBytes(adapter),
    gradients: flat,
    moments: optimizerBytes(optimizerPlan(adapter, options.settings)),
    activations: sum([...microBatch.arenas, ...extra, ...planOptimizer(adapter, options).arenas]),
    inputs: inputBytes(microBatch, slots) + inputBytes(evaluation, slots) + (2 + METRICS_RING) * width * 4,
    ...(loading > 0 && { loading }),
  };
}

/** Derived and frozen values lie in one buffer each, which may be larger than that of the parameters. */
function checkBuffers({ derivedSize, frozenSize }: AdapterLayout, { maxBufferSize: most }: Limits): void {
  for (const [label, count] of [
    [DERIVED, derivedSize],
    [FROZEN, frozenSize],
  ] as const) {
    const size = count * 4;
    if (size > most) throw new TunesmithError({ code: 'buffer_too_large', values: { label, size, most } });
  }
}

/** Bytes of an adapter on the device, trained or not. */
export function adapterBytes({ size, derivedSize, frozenSize }: AdapterLayout): number {
  return (size + derivedSize + frozenSize) * 4;
}

/**
 * The memory that chat takes beside the base and the adapter: the caches, and the activations of prompts and answers.
 */
export function chatMemory(
  model: ModelLayout,
  adapter: AdapterLayout | undefined,
  { cacheRows, limits }: { readonly cacheRows: number; readonly limits: Limits },
): { readonly cache: number; readonly chat: number } {
  const { arenas } = planChat(model, adapter, { cacheRows, limits });
  return { cache: cacheBytes(model.spec, cacheRows), chat: sum(arenas) };
}

function inputBytes(plan: Plan, slots: readonly string[]): number {
  return sum(slots.map((slot) => plan.slots.get(slot) ?? 0));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
