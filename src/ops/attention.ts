import {
  attentionKernel,
  headOverrides,
  inHeads,
  threadsFor,
  type AttentionAttributes,
} from './attention_kernels';
import {
  f32,
  read,
  spread,
  write,
  type Builder,
  type Dispatch,
  type Lowering,
  type Tensor,
  type Tensors,
  defineOp,
} from './op';

export type { AttentionAttributes };

interface Rows extends Tensors {
  /** f32 [rows, heads · headDim] */
  readonly q: Tensor;
  /** f32 [rows, kvHeads · headDim] */
  readonly k: Tensor;
  /** f32 [rows, kvHeads · headDim] */
  readonly v: Tensor;
}

export interface AttentionInputs extends Rows {
  /** u32 [rows, 2]: first row and end (exclusive) of the example that the row belongs to. Examples follow one another. */
  readonly segments: Tensor;
}

export interface CachedAttentionInputs extends Tensors {
  /** f32 [rows, heads · headDim] */
  readonly q: Tensor;
  /** f32 [cache rows, kvHeads · headDim], bound; holds the rows up to `run.past` and those of q. */
  readonly keyCache: Tensor;
  readonly valueCache: Tensor;
}

interface Outputs extends Record<string, Tensor> {
  readonly o: Tensor;
  readonly log_sum_exp: Tensor;
}

/** Keys of a workgroup where one row's keys are split over several. */
const DECODE_CHUNK = 256;
/** Threads that read a key together: as many vectors as most caches have in a line or half of one. */
const DECODE_LANES = 4;

const definition = defineOp<AttentionInputs, Outputs, AttentionAttributes>({
  name: 'attention',
  lower({ inputs: { q, k, v, segments }, outputs: { o, log_sum_exp }, attributes }, lowering) {
    const bindings = [read(q), read(k), read(v), write(o), read(segments), write(log_sum_exp)];
    return inHeads(lowering, {
      ...attentionKernel(lowering, 'attention', attributes),
      bindings,
      flops: (rows) => scoreFlops(attributes, rows * averageKeys(rows, attributes)),
    });
  },
  gradient({ inputs, outputs, attributes }, tape) {
    const { q, k, v } = inputs;
    const d_o = tape.gradientOf(outputs.o);
    if (!d_o) return;
    const { dq, dk, dv } = tape.apply(
      backward,
      { ...inputs, ...outputs, d_o },
      { dq: q, dk: k, dv: v },
      attributes,
    );
    if (tape.needsGradient(q)) tape.addGradient(q, dq);
    if (tape.needsGradient(k)) tape.addGradient(k, dk);
    if (tape.needsGradient(v)) tape.addGradient(v, dv);
  },
});

interface BackwardInputs extends AttentionInputs {
  readonly o: Tensor;
  readonly log_sum_exp: Tensor;
  readonly d_o: Tensor;
}

interface BackwardOutputs extends Record<string, Tensor> {
  readonly dq: Tensor;
  readonly dk: Tensor;
  readonly dv: Tensor;
}

/** The weights are computed again from the saved log-sum-exp (Dao 2023, "FlashAttention-2"); nothing is added up twice. */
const backward = defineOp<BackwardInputs, BackwardOutputs, AttentionAttributes>({
  name: 'attention_backward',
  lower({ inputs, outputs: { dq, dk, dv }, attributes }, lowering) {
    const { q, k, v, segments, o, log_sum_exp, d_o } = inputs;
    const { heads, kvHeads, headDim } = attributes;
    const stats = lowering.temporary('attention_stats', f32('rows', heads, 2));
    const { ofHeads, ...keyValueGradient } = attentionKernel(
      lowering,
      'attention_key_value_gradient',
      attributes,
    );
    const apart = ofHeads && heads !== kvHeads;
    const headKeys = f32('rows', heads, headDim);
    const dkOfHeads = apart ? lowering.temporary('attention_dk', headKeys) : dk;
    const dvOfHeads = apart ? lowering.temporary('attention_dv', headKeys) : dv;
    const shared = [read(q), read(k), read(v), read(segments), read(stats), read(d_o)];
    const products = (rows: number): number => scoreFlops(attributes, rows * averageKeys(rows, attributes));
    return [
      {
        kernel: 'attention_delta',
        overrides: headOverrides(attributes),
        bindings: [read(o), read(d_o), read(log_sum_exp), write(stats)],
        workgroups: (rows) => spread(Math.ceil((rows * heads) / 64)),
      },
      ...inHeads(lowering, {
        ...attentionKernel(lowering, 'attention_query_gradient', attributes),
        bindings: [...shared, write(dq)],
        flops: (rows) => 1.5 * products(rows),
      }),
      ...inHeads(lowering, {
        ...keyValueGradient,
        bindings: [...shared, write(dkOfHeads), write(dvOfHeads)],
        flops: (rows) => 2 * products(rows),
      }),
      ...(apart ? [groupSum(attributes, [dkOfHeads, dvOfHeads], [dk, dv])] : []),
    ];
  },
});

/** Adds up the gradients of keys and values that each query head has by itself. */
function groupSum(
  attributes: AttentionAttributes,
  ofHeads: readonly [Tensor, Tensor],
  sums: readonly [Tensor, Tensor],
): Dispatch {
  const vectors = (attributes.kvHeads * attributes.headDim) / 4;
  return {
    kernel: 'attention_group_sum',
    overrides: headOverrides(attributes),
    bindings: [...ofHeads.map(read), ...sums.map(write)],
    workgroups: (rows) => spread(Math.ceil((rows * vectors) / 64)),
  };
}

const cached = defineOp<CachedAttentionInputs, { o: Tensor }, AttentionAttributes>({
  name: 'cached_attention',
  lower({ inputs: { q, keyCache, valueCache }, outputs: { o }, attributes }, lowering) {
    const cacheRows = Number(keyCache.shape[0]);
    if (lowering.capacity === 1)
      return decode(lowering, { q, keyCache, valueCache, o }, attributes, cacheRows);
    return inHeads(lowering, {
      ...attentionKernel(lowering, 'attention', attributes, { CACHED: true }),
      bindings: [read(q), read(keyCache), read(valueCache), write(o)],
      flops: (rows) => scoreFlops(attributes, rows * cacheRows),
    });
  },
});

interface DecodeTensors {
  readonly q: Tensor;
  readonly keyCache: Tensor;
  readonly valueCache: Tensor;
  readonly o: Tensor;
}

/** One row: its keys are spread over the threads of a workgroup, and in a long cache over several workgroups. */
function decode(
  lowering: Lowering,
  { q, keyCache, valueCache, o }: DecodeTensors,
  attributes: AttentionAttributes,
  cacheRows: number,
): Dispatch[] {
  const { heads, headDim } = attributes;
  const chunk = Math.min(DECODE_CHUNK, Math.ceil(cacheRows / 4) * 4);
  const chunks = Math.ceil(cacheRows / chunk);
  const shared = headOverrides(attributes);
  const threads = Math.max(threadsFor(attributes, lowering), headDim / 4);
  // Software adapters gain nothing from memory that threads read side by side.
  const overrides = { ...shared, chunk, threads, lanes: lowering.limits.software ? 1 : DECODE_LANES };
  const flops = (): number => scoreFlops(attributes, cacheRows);
  const bindings = [read(q), read(keyCache), read(valueCache)];
  const workgroups = (): [number, number, number] => [heads, chunks, 1];
  if (chunks === 1) {
    return [{ kernel: 'attention_decode', overrides, bindings: [...bindings, write(o)], workgroups, flops }];
  }
  const partial = lowering.temporary('attention_partial', f32(heads, chunks, 2));
  const partialO = lowering.temporary('attention_partial_o', f32(heads, chunks, headDim));
  return [
    {
      kernel: 'attention_decode',
      constants: { SPLIT: true },
      overrides,
      bindings: [...bindings, write(partialO), write(partial)],
      workgroups,
      flops,
    },
    {
      kernel: 'attention_combine',
      overrides: { ...shared, chunk, chunks },
      bindings: [read(partialO), read(partial), write(o)],
      workgroups: () => [Math.ceil((heads * headDim) / 4 / 64), 1, 1],
    },
  ];
}

/**
 * Causal attention of grouped heads within examples: f32 [rows, heads · headDim]. Row i of an example sees its rows up to
 * i, in each head h the key and value head ⌊h · kvHeads / heads⌋.
 */
export function attention(
  builder: Builder,
  inputs: AttentionInputs,
  attributes: AttentionAttributes,
): Tensor {
  const outputs = { o: inputs.q, log_sum_exp: f32('rows', attributes.heads) };
  return builder.apply(definition, inputs, outputs, attributes).o;
}

/**
 * Lets each row, the first of which is `run.past`, see all rows of the caches up to its own (rotary_cache.ts puts them
 * there). Not differentiated.
 */
export function cachedAttention(
  builder: Builder,
  inputs: CachedAttentionInputs,
  attributes: AttentionAttributes,
): Tensor {
  return builder.apply(cached, inputs, { o: inputs.q }, attributes).o;
}

/** Two products of head_dim operations for every pair of a row and a key that it sees. */
function scoreFlops({ heads, headDim }: AttentionAttributes, pairs: number): number {
  return 4 * heads * headDim * pairs;
}

/** Keys that a row sees, where all rows are one example: packed ones see fewer. */
function averageKeys(rows: number, { window }: AttentionAttributes): number {
  return Math.min(rows / 2, window ?? rows);
}
