import type { ShaderConstants } from '../gpu/shaders';
import { attentionTiles, worthTiles } from './attention_tiles';
import { choose } from './choice';
import { operationsOfDispatch } from './dispatch_time';
import type { Dispatch, Lowering } from './op';

export interface AttentionAttributes {
  readonly heads: number;
  /** Heads of keys and values; `heads` is a multiple. */
  readonly kvHeads: number;
  /** A multiple of 4, at most 256. */
  readonly headDim: number;
  /** Factor of the scores, usually 1 / √headDim. */
  readonly scale: number;
  /** Keys that a row sees at most, itself included. */
  readonly window?: number;
}

export type AttentionKernel = 'attention' | 'attention_query_gradient' | 'attention_key_value_gradient';

/** Query rows (or keys) of a thread in blocks. */
const ROWS_OF_THREAD = 4;

export interface AttentionDispatch extends Pick<
  Dispatch,
  'kernel' | 'constants' | 'overrides' | 'workgroups'
> {
  /** The gradients of keys and values are each query head's own: [rows, heads, headDim]. */
  readonly ofHeads?: true;
}

/**
 * The kernel in the algorithm that is fastest on the device: 'blocks' of 4 by 4 scores a thread, which share their weights
 * through workgroup memory; 'tiles', which also copy queries, keys and values there; or 'quads' of threads, with
 * subgroups. A workgroup handles some rows of one head (in the gradient of keys and values, keys of one key head).
 */
export function attentionKernel(
  lowering: Lowering,
  kernel: AttentionKernel,
  attributes: AttentionAttributes,
  constants: ShaderConstants = {},
): AttentionDispatch {
  const { heads, kvHeads, headDim } = attributes;
  const { limits, capacity } = lowering;
  const canQuads = limits.features?.subgroups !== undefined && headDim % 16 === 0 && headDim <= 128;
  const cached = constants['CACHED'] === true;
  // Quads take long to compile, which pays off for large inputs.
  const quadsFirst = limits.software === true && !cached;
  const candidates = !canQuads ? ['blocks'] : quadsFirst ? ['quads', 'blocks'] : ['blocks', 'quads'];
  // On the CPU, workgroup memory is no faster than any other.
  if (!limits.software && worthTiles(capacity, headDim)) candidates.unshift('tiles');
  const algorithm = choose(limits.choose, {
    op: cached ? 'cached_attention' : kernel,
    shape: `${heads}:${kvHeads} heads of ${headDim} ×${2 ** Math.ceil(Math.log2(capacity))}`,
    candidates,
    plain: 'blocks',
  });
  const ofKeys = kernel === 'attention_key_value_gradient';
  const groups = (rowsOfGroup: number): Dispatch['workgroups'] => {
    return (rows) => [Math.ceil(rows / rowsOfGroup), ofKeys ? kvHeads : heads, 1];
  };
  if (algorithm === 'tiles') {
    const tiles = attentionTiles(headDim / 4, ofKeys ? 2 : 1, capacity * heads);
    return {
      kernel: `${kernel}_tiles`,
      constants: { ...constants, ...tiles.constants },
      overrides: headOverrides(attributes),
      workgroups: (rows) => [Math.ceil(rows / tiles.rows), heads, 1],
      ...(ofKeys && { ofHeads: true }),
    };
  }
  if (algorithm === 'quads') {
    const { columns, rows4, turns } = quadBlocks(attributes, ofKeys, limits.software);
    const threads = limits.software ? 4 : 64;
    return {
      kernel: `${kernel}_quads`,
      constants: { ...constants, ROWS4: rows4, COLUMNS: columns, TURNS: turns, TWICE: turns === 2 },
      overrides: { ...headOverrides(attributes), threads },
      workgroups: groups(threads * rows4),
    };
  }
  const threads_y = threadsY(attributes, lowering);
  return {
    kernel,
    constants,
    overrides: { ...headOverrides(attributes), threads_y },
    workgroups: groups(ROWS_OF_THREAD * threads_y),
  };
}

/**
 * A quad's thread computes blocks of 4 by 4 of the result: `columns` side by side, `rows4` below one another, and adds up
 * several of the quad's four turns at once. More blocks take longer to compile and need more registers on a GPU. Software
 * adapters gain from fewer reads, as long as the loops fit into the CPU's instruction cache.
 */
function quadBlocks(
  { headDim }: AttentionAttributes,
  ofKeys: boolean,
  software = false,
): { readonly columns: number; readonly rows4: number; readonly turns: 2 | 4 } {
  const columns = headDim / 16;
  if (!software) return { columns, rows4: Math.max(1, Math.min(4, Math.floor(8 / columns))), turns: 2 };
  if (columns <= 2) return { columns, rows4: 3, turns: 4 };
  if (columns <= 4) return { columns, rows4: 2, turns: 4 };
  return { columns, rows4: ofKeys ? 1 : 2, turns: 2 };
}

/**
 * The dispatch, with the heads in y. It is split into several of a few heads each if one would run too long. They share
 * a pipeline.
 */
export function inHeads(
  { limits, capacity }: Lowering,
  dispatch: Dispatch & Required<Pick<Dispatch, 'flops'>>,
): Dispatch[] {
  const [, heads] = dispatch.workgroups(capacity);
  const fitting = Math.floor((heads * operationsOfDispatch(limits)) / dispatch.flops(capacity));
  if (fitting >= heads) return [dispatch];
  const count = Math.ceil(heads / Math.ceil(heads / Math.max(fitting, 1)));
  return Array.from({ length: Math.ceil(heads / count) }, (_, index) => {
    const first = index * count;
    const own = Math.min(count, heads - first);
    return {
      ...dispatch,
      constants: { ...dispatch.constants, HEAD_BINDING: dispatch.bindings.length + 1 },
      words: [first],
      workgroups: (rows) => [dispatch.workgroups(rows)[0], own, 1],
      flops: (rows) => (dispatch.flops(rows) * own) / heads,
    };
  });
}

/** The overrides of all kernels of attention. */
export function headOverrides({
  heads,
  kvHeads,
  headDim,
  scale,
  window,
}: AttentionAttributes): Record<string, number> {
  return {
    heads,
    group: heads / kvHeads,
    head_dim4: headDim / 4,
    scale,
    ...(window !== undefined && { window }),
  };
}

/** Threads of a workgroup, about; at most 128, whose blocks just fit into 16 KiB. */
export function threadsFor({ headDim }: AttentionAttributes, { limits }: Lowering): number {
  if (limits.software) return 16;
  return headDim < 128 ? 64 : 128;
}

/** Rows of threads in a workgroup; each has headDim / 4 threads. */
function threadsY(attributes: AttentionAttributes, lowering: Lowering): number {
  const fitting = Math.floor(threadsFor(attributes, lowering) / (attributes.headDim / 4));
  return Math.max(1, Math.min(8, fitting));
}
