import { lookUp, read, spread, update, write, type Builder, type Tensor, type Tensors, defineOp } from './op';

const THREADS = 64;

export interface RotaryCacheAttributes {
  readonly heads: number;
  readonly kvHeads: number;
  /** Even. */
  readonly headDim: number;
  /** As in rotary.ts; no rotation where it is omitted. */
  readonly rotary?: { readonly dim: number; readonly interleaved: boolean };
}

export interface RotaryCacheInputs {
  /** f32 [rows, heads · headDim] */
  readonly q: Tensor;
  /** f32 [rows, kvHeads · headDim] */
  readonly k: Tensor;
  readonly v: Tensor;
  /** f32 [cache rows, kvHeads · headDim], bound. */
  readonly keyCache: Tensor;
  readonly valueCache: Tensor;
  /** f32 [max_positions, dim], as in rotary.ts, where there is a rotation. */
  readonly table?: Tensor;
}

interface Inputs extends Tensors {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  readonly keyCache: Tensor;
  readonly valueCache: Tensor;
  readonly table: Tensor | undefined;
}

const definition = defineOp<Inputs, { turned: Tensor }, RotaryCacheAttributes>({
  name: 'rotary_cache',
  lower({ inputs: { q, k, v, keyCache, valueCache, table }, outputs: { turned }, attributes }, { limits }) {
    const { heads, kvHeads, headDim, rotary } = attributes;
    const pairs = headDim / 2;
    const used = (rows: number): number => rows * (heads + 2 * kvHeads) * pairs;
    const touches = (rows: number): number => rows * kvHeads * headDim * 4;
    const caches = [update(keyCache), update(valueCache)].map((binding) => ({ ...binding, touches }));
    return [
      {
        kernel: 'rotary_cache',
        constants: { ...(rotary && { ROTARY: true, INTERLEAVED: rotary.interleaved }) },
        overrides: { heads, kv_heads: kvHeads, pairs, ...(rotary && { half: rotary.dim / 2 }) },
        bindings: [read(q), read(k), read(v), write(turned), ...caches, ...(table ? [lookUp(table)] : [])],
        workgroups: (rows) =>
          spread(Math.ceil(used(rows) / THREADS), limits.maxComputeWorkgroupsPerDimension),
        flops: (rows) => 8 * used(rows),
      },
    ];
  },
});

/**
 * Turns the rows' queries and keys by the positions from `run.past` on (rotary position embedding, see rotary.ts), and
 * appends the keys and the values to the caches from row `run.past` on. Returns the queries. Not differentiated.
 */
export function rotaryCache(
  builder: Builder,
  { q, k, v, keyCache, valueCache, table }: RotaryCacheInputs,
  attributes: RotaryCacheAttributes,
): Tensor {
  const inputs = { q, k, v, keyCache, valueCache, table };
  return builder.apply(definition, inputs, { turned: q }, attributes).turned;
}
