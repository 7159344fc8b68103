import { plan, untilLastKept, type Plan } from '../graph/plan';
import { Trace } from '../graph/trace';
import { headLogits } from '../ops/head_cross_entropy';
import { likeliest } from '../ops/likeliest';
import { lastRow } from '../ops/rows';
import type { Limits, Tensor } from '../ops/op';
import { decoder, headWeight } from './decoder';
import { BoundWeights, type ModelLayout } from './layout';
import { BoundAdapter } from './adapters/bound';
import type { AdapterLayout } from './adapters/layout';
import { cacheSpecs, type ModelSpec, type PlacedCache } from './spec';

export interface GenerationOptions {
  /** Token rows in one pass: 1 for decoding. */
  readonly capacity: number;
  /** Capacity of the caches in tokens. */
  readonly cacheRows: number;
  readonly limits: Limits;
  /** 'last': logits of the last row, f32 [1, vocabulary]. 'all': of every row. Padded to a multiple of 4 columns. */
  readonly logits: 'last' | 'all';
}

export interface GenerationPlan {
  readonly plan: Plan;
  readonly logits: Tensor;
  /** Present for one row of a large vocabulary; see ops/likeliest.ts. */
  readonly likeliest?: { readonly scores: Tensor; readonly ids: Tensor };
}

/** Vocabularies up to this size are read back whole. */
const SMALL_VOCABULARY = 16_384;

/** Prompt tokens in one pass. */
export const PREFILL_ROWS = 64;

export const GENERATION_SLOTS = ['tokens'] as const;

/** Rows of a cache with room for `tokens` tokens. */
export function rowsOf({ rows }: PlacedCache, tokens: number): number {
  return rows === 'tokens' ? tokens : rows.ring;
}

/** Bytes of all caches of a model with room for `tokens` tokens. */
export function cacheBytes(spec: ModelSpec, tokens: number): number {
  return cacheSpecs(spec).reduce((sum, cache) => sum + rowsOf(cache, tokens) * cache.columns * 4, 0);
}

/** Plans one pass over `run.rows` new tokens after the `run.past` ones in the cache. */
export function planGeneration(
  model: ModelLayout,
  adapter: AdapterLayout | undefined,
  { capacity, cacheRows, limits, logits: wanted }: GenerationOptions,
): GenerationPlan {
  const { spec } = model;
  const trace = new Trace();
  const { hidden, weights } = traceDecoder(trace, model, adapter, cacheRows);
  const rows = wanted === 'last' && capacity > 1 ? lastRow(trace, hidden) : hidden;
  const logits = headLogits(trace, { hidden: rows, head: headWeight(spec, weights) });
  const few =
    wanted === 'last' && spec.vocabularySize > SMALL_VOCABULARY
      ? likeliest(trace, logits, { vocabulary: spec.vocabularySize })
      : undefined;
  const keep = [logits, ...Object.values(few ?? {})];
  return { plan: plan(trace, trace.nodes, { capacity, limits, keep }), logits, likeliest: few };
}

/** Plans a pass that only adds the new tokens to the caches. */
function planPrefill(
  model: ModelLayout,
  adapter: AdapterLayout | undefined,
  { cacheRows, limits }: Pick<GenerationOptions, 'cacheRows' | 'limits'>,
): ChatPlans['prefill'] {
  const trace = new Trace();
  traceDecoder(trace, model, adapter, cacheRows);
  const request = { capacity: PREFILL_ROWS, limits };
  return { plan: plan(trace, untilLastKept(trace, request), request) };
}

function traceDecoder(
  trace: Trace,
  model: ModelLayout,
  adapter: AdapterLayout | undefined,
  cacheRows: number,
): { hidden: Tensor; weights: BoundWeights } {
  const { spec } = model;
  const bound = adapter && new BoundAdapter(trace, adapter, false);
  const weights = new BoundWeights(trace, model, bound);
  const hidden = decoder(trace, spec, weights, bound, {
    tokens: trace.bound('tokens', 'u32', ['rows']),
    rows: { kind: 'cache' },
    caches: boundCaches(trace, spec, cacheRows),
  });
  return { hidden, weights };
}

/** The caches of all layers by slot, as symbols of a trace, with room for `tokens` tokens. */
export function boundCaches(trace: Trace, spec: ModelSpec, tokens: number): ReadonlyMap<string, Tensor> {
  return new Map(
    cacheSpecs(spec).map((cache) => {
      const { slot, columns } = cache;
      return [slot, trace.bound(slot, 'f32', [rowsOf(cache, tokens), columns])];
    }),
  );
}

/** The programs of chat: one for prompts without their last token, some rows at a time, and one for single tokens. */
export interface ChatPlans {
  readonly prefill: Pick<GenerationPlan, 'plan'>;
  readonly decode: GenerationPlan;
  /** Bytes of each arena that both programs share. */
  readonly arenas: readonly number[];
}

export function planChat(
  model: ModelLayout,
  adapter: AdapterLayout | undefined,
  options: Pick<GenerationOptions, 'cacheRows' | 'limits'>,
): ChatPlans {
  const prefill = planPrefill(model, adapter, options);
  const decode = planGeneration(model, adapter, { ...options, capacity: 1, logits: 'last' });
  const count = Math.max(prefill.plan.arenas.length, decode.plan.arenas.length);
  const bytes = ({ plan: { arenas } }: ChatPlans['prefill'], arena: number): number => arenas[arena] ?? 0;
  const arenas = Array.from({ length: count }, (_, arena) =>
    Math.max(bytes(prefill, arena), bytes(decode, arena)),
  );
  return { prefill, decode, arenas };
}
