import { TunesmithError } from '../../core/errors';
import { cutPair, pairSvd, type Pair } from '../../core/pair_svd';
import { normal, streamOf } from '../../core/random';
import { blockOf, truncatedSvd, type TruncatedSvd } from '../../core/truncated_svd';
import { readRows, rowRuns } from '../base_rows';
import type { Model } from '../model';
import type { ModelSpec } from '../spec';
import { withBaseProducts } from './base_products';
import type { AdaptedShape } from './kind';
import { lora, pairValues } from './lora';
import {
  adapterLayout,
  partValues,
  writeParameter,
  type AdapterLayout,
  type AdapterModule,
  type AdapterState,
} from './layout';
import type { WholeSettings } from './settings';

/** The shares of a module's rank that compete. */
const SHARES = Array.from({ length: 10 }, (_, index) => (index + 1) / 10);

export interface ReducedModule {
  readonly path: string;
  readonly from: number;
  /** The rank that is kept. */
  readonly to: number;
  /** Similarity to the base's weight, 0 to 1, of the kept directions. */
  readonly similarity: number;
}

export interface ReducedAdapter extends AdapterState {
  readonly layout: AdapterLayout;
  readonly modules: readonly ReducedModule[];
}

/**
 * NoRM (Jiang et al., "Fine-tuning with Reserved Majority for Noise Reduction", ICLR 2025): keeps of each module's B A
 * the largest singular values, as many of them as share most directions with the base's weight; see `keptRank`. It needs
 * no examples. The result is LoRA with a rank for each module; the scale of each module stays.
 *
 * @throws TunesmithError `not_reducible` for an adapter that is not LoRA; the device's errors; the signal's
 *   reason
 */
export async function reduceNoise(
  model: Model,
  adapter: AdapterState & { readonly layout: AdapterLayout },
  options: { readonly onProgress?: (fraction: number) => void; readonly signal?: AbortSignal } = {},
): Promise<ReducedAdapter> {
  const { layout } = adapter;
  if (layout.kind !== lora) {
    throw new TunesmithError({ code: 'not_reducible', values: { kind: layout.kind.title } });
  }
  const kept = new Map<string, Pair & ReducedModule>();
  const request = {
    modules: layout.modules,
    blockOf: (shape: AdaptedShape) => blockOf(shape, shape.rank),
    rowsOf: (module: AdapterModule) => rowsOf(model, module),
    ...options,
  };
  await withBaseProducts(model, request, async (weight, module) => {
    const { path, rank } = module;
    const stream = streamOf(`${path}.noise_reduction`);
    const random = (count: number): Float64Array =>
      Float64Array.from({ length: count }, (_, index) => normal(0, stream, index));
    const pair = pairValues(partValues(module, adapter));
    const svd = pairSvd(pair, rank);
    const { U } = await truncatedSvd(weight, rank, random);
    const { rank: to, similarity } = keptRank(svd, U, module.out);
    kept.set(path, { ...(to === rank ? pair : cutPair(svd, to)), path, from: rank, to, similarity });
  });
  return withRanks(model.layout.spec, layout, kept);
}

/**
 * The rank, among the tenths of the present one, whose leading left singular vectors are most like those of the base's
 * weight: the largest ‖U_cᵀ U_W‖²_F / c, the subspace similarity of Hu et al. 2021 (section G), with U_c [out, c] of B A
 * and U_W [out, r] of the weight. The smallest of equal ones.
 *
 * @param base U_W as rows, f64 [r, out]
 */
export function keptRank(
  { U, S }: TruncatedSvd,
  base: Float64Array,
  out: number,
): { readonly rank: number; readonly similarity: number } {
  const rank = S.length;
  const cosines = Array.from(S, (_, i) => {
    const vector = U.subarray(i * out, (i + 1) * out);
    let sum = 0;
    for (let first = 0; first < base.length; first += out) {
      let product = 0;
      for (let k = 0; k < out; k++) product += vector[k]! * base[first + k]!;
      sum += product * product;
    }
    return sum;
  });
  let best = { rank, similarity: -1 };
  for (const share of SHARES) {
    const count = Math.max(1, Math.floor(share * rank + 1e-9));
    const similarity = cosines.slice(0, count).reduce((sum, value) => sum + value, 0) / count;
    if (similarity > best.similarity) best = { rank: count, similarity };
  }
  return best;
}

/** The same adapter with other pairs, of ranks of their own, at the same scales. */
function withRanks(
  spec: ModelSpec,
  { settings, modules }: AdapterLayout,
  kept: ReadonlyMap<string, Pair & ReducedModule>,
): ReducedAdapter {
  const changed = modules.filter(({ path, rank }) => kept.get(path)!.to !== rank);
  const rankOf = ({ path }: AdapterModule): number => kept.get(path)!.to;
  const alphaOf = (module: AdapterModule): number => {
    const to = rankOf(module);
    return module.scale * (settings.use_rslora ? Math.sqrt(to) : to);
  };
  // Whole paths come first, because the first pattern that matches counts; a former one of the same path gives way.
  const pattern = (
    valueOf: (module: AdapterModule) => number,
    former: Readonly<Record<string, number>>,
  ): Record<string, number> => {
    const own = Object.fromEntries(
      changed.map((module) => [module.path.replaceAll('.', '\\.'), valueOf(module)]),
    );
    return { ...own, ...former, ...own };
  };
  const next: WholeSettings = {
    ...settings,
    rank_pattern: pattern(rankOf, settings.rank_pattern),
    alpha_pattern: pattern(alphaOf, settings.alpha_pattern),
  };
  const layout = adapterLayout(spec, next);
  const parameters = new Float32Array(layout.size);
  for (const { path, tensors } of layout.modules) {
    const { A, B } = kept.get(path)!;
    for (const tensor of tensors) writeParameter(parameters, tensor, tensor.part === 'lora_A' ? A : B);
  }
  return {
    layout,
    parameters,
    frozen: new Float32Array(layout.frozenSize),
    modules: modules.map(({ path }) => {
      const { from, to, similarity } = kept.get(path)!;
      return { path, from, to, similarity };
    }),
  };
}

async function* rowsOf(
  model: Model,
  { path, out, in: input }: AdapterModule,
): AsyncGenerator<Float32Array<ArrayBuffer>, void, void> {
  for (const run of rowRuns(out, input)) yield await readRows(model, `${path}.weight`, run);
}
