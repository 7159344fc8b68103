import { plan, type Plan } from '../graph/plan';
import { Trace } from '../graph/trace';
import { headLogits } from '../ops/head_cross_entropy';
import { lastRow } from '../ops/rows';
import type { Limits, Tensor } from '../ops/op';
import { decoder, headWeight } from './decoder';
import { BoundWeights, type ModelLayout } from './layout';
import { BoundAdapter, type AdapterLayout } from './lora';

export interface GenerationOptions {
  /** Token rows taken at once: 1 for decoding. */
  readonly capacity: number;
  /** Rows of the key and value caches. */
  readonly cacheRows: number;
  readonly limits: Limits;
  /** 'last': logits of the last row, f32 [1, vocabulary]. 'all': of every row. Padded to a multiple of 4 columns. */
  readonly logits: 'last' | 'all';
}

export interface GenerationPlan {
  readonly plan: Plan;
  readonly logits: Tensor;
}

/** Prompt tokens taken at once. */
export const PREFILL_ROWS = 64;

export const GENERATION_SLOTS = ['tokens', 'positions'] as const;

export const keySlot = (layer: number): string => `cache.${layer}.key`;
export const valueSlot = (layer: number): string => `cache.${layer}.value`;

/** Bytes of one layer's keys (or values). */
export function cacheBytes({ spec }: ModelLayout, cacheRows: number): number {
  return cacheRows * spec.kvHeads * spec.headDim * 4;
}

/** One pass over `run.rows` new tokens after the `run.past` in the cache. */
export function planGeneration(
  model: ModelLayout,
  adapter: AdapterLayout | undefined,
  { capacity, cacheRows, limits, logits }: GenerationOptions,
): GenerationPlan {
  const { spec } = model;
  const trace = new Trace();
  const weights = new BoundWeights(trace, model);
  const cache = (slot: string): Tensor => trace.bound(slot, 'f32', [cacheRows, spec.kvHeads * spec.headDim]);
  const layers = Array.from({ length: spec.layers }, (_, layer) => ({
    key: cache(keySlot(layer)),
    value: cache(valueSlot(layer)),
  }));
  const bound = adapter && new BoundAdapter(trace, adapter, false);
  const hidden = decoder(trace, spec, weights, bound, {
    tokens: trace.bound('tokens', 'u32', ['rows']),
    positions: trace.bound('positions', 'u32', ['rows']),
    context: { kind: 'cache', layers },
  });
  const wanted = logits === 'last' ? lastRow(trace, hidden) : hidden;
  const result = headLogits(trace, { hidden: wanted, head: headWeight(spec, weights) });
  return { plan: plan(trace, trace.nodes, { capacity, limits, keep: [result] }), logits: result };
}

/** What chatting runs: prompts some rows at a time, then token by token. */
export interface ChatPlans {
  readonly prefill: GenerationPlan;
  readonly decode: GenerationPlan;
  /** Bytes of each arena that serves both. */
  readonly arenas: readonly number[];
}

export function planChat(
  model: ModelLayout,
  adapter: AdapterLayout | undefined,
  options: Pick<GenerationOptions, 'cacheRows' | 'limits'>,
): ChatPlans {
  const prefill = planGeneration(model, adapter, { ...options, capacity: PREFILL_ROWS, logits: 'last' });
  const decode = planGeneration(model, adapter, { ...options, capacity: 1, logits: 'last' });
  const count = Math.max(prefill.plan.arenas.length, decode.plan.arenas.length);
  const bytes = ({ plan }: GenerationPlan, arena: number): number => plan.arenas[arena] ?? 0;
  const arenas = Array.from({ length: count }, (_, arena) =>
    Math.max(bytes(prefill, arena), bytes(decode, arena)),
  );
  return { prefill, decode, arenas };
}
