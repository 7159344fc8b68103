import { TunesmithError } from '../../core/errors';
import {
  orthonormalizeRows,
  product,
  productWithTransposed,
  symmetricEigen,
} from '../../core/linear_algebra';
import { streamOf, uniform } from '../../core/random';
import type { CombinationType, MixSettings } from '../../core/settings/mixing';
import { targetSettings } from '../adapter_files';
import type { ModelSpec } from '../spec';
import type { LowRankPair } from './kind';
import {
  adapterLayout,
  partValues,
  writeParameter,
  type AdapterLayout,
  type AdapterModule,
  type AdapterState,
} from './layout';
import { dropped, electedMean, trimmed, weightedSum } from './task_arithmetic';

type PlacedAdapter = AdapterState & { readonly layout: AdapterLayout };

/** An adapter's share of a mix. A negative weight takes away what the adapter does. */
export interface WeightedAdapter {
  readonly adapter: PlacedAdapter;
  /** For errors. */
  readonly name: string;
  readonly weight: number;
}

/** Decides which elements DARE keeps of a part: of the adapter with this index, of the module at the path. */
export type Keeps = (index: number, path: string, part: 'A' | 'B') => (element: number) => boolean;

/** The pair of one linear map, by the index of its adapter. */
interface IndexedPair extends LowRankPair {
  readonly index: number;
  readonly weight: number;
}

type Pair = Omit<LowRankPair, 'scale'>;

/**
 * Mixes adapters as PEFT's `add_weighted_adapter`. The mix is plain LoRA with alpha = r, which needs no factor. A linear
 * map that some of the adapters lack is mixed from the others.
 *
 * `cat` and `svd` mix the changes of the weights: `cat` puts the pairs side by side and is exact, `svd` is the nearest pair
 * of a lower rank. The others mix A with A and B with B, each by √|weight · scale|, and need equal ranks. One adapter
 * alone is only weighted, as in PEFT.
 *
 * PEFT keeps `use_rslora` of the first adapter and so multiplies the mix by √r; here the mix has no such factor.
 *
 * @param keeps what DARE keeps; a function of the seed unless given
 * @throws TunesmithError `mix_not_low_rank`, `mix_ranks`
 */
export function mixAdapters(
  spec: ModelSpec,
  adapters: readonly WeightedAdapter[],
  settings: MixSettings,
  keeps: Keeps = keepsOf(settings),
): PlacedAdapter {
  const first = adapters[0];
  if (!first) throw new Error('a mix needs an adapter');
  const lowRanks = adapters.map(({ adapter, name }) => lowRankOf(adapter.layout, name));
  const type = adapters.length === 1 ? 'linear' : settings.combination_type;
  const ranks = adapters.map(({ adapter }) => rankOf(adapter.layout));
  const r = mixedRank(type, ranks, settings.svd_rank);
  const layout = adapterLayout(spec, {
    ...first.adapter.layout.settings,
    ...mixedTargets(spec, adapters),
    ...{ r, lora_alpha: r, use_rslora: false, rank_pattern: {}, alpha_pattern: {} },
  });
  const parameters = new Float32Array(layout.size);
  for (const module of layout.modules) {
    const pairs = adapters.flatMap(({ adapter, weight }, index): IndexedPair | [] => {
      const own = adapter.layout.modules.find(({ path }) => path === module.path);
      if (!own) return [];
      const pair = lowRanks[index]!({ ...own, parts: partValues(own, adapter) });
      return { ...pair, index, weight };
    });
    const mixed = mixPairs(module, pairs, { ...settings, combination_type: type }, keeps);
    const [A, B] = module.tensors;
    if (!A || !B) throw new Error('plain LoRA has two matrices');
    const rank = mixed.A.length / module.in;
    writeParameter(parameters, A, widened(mixed.A, { rows: 1, from: mixed.A.length, to: r * module.in }));
    writeParameter(parameters, B, widened(mixed.B, { rows: module.out, from: rank, to: r }));
  }
  return { layout, parameters, frozen: new Float32Array(layout.frozenSize) };
}

/** Throws `mix_not_low_rank`. */
function lowRankOf({ kind, modules, whole }: AdapterLayout, name: string): NonNullable<typeof kind.lowRank> {
  // Parts of the base itself, or shared by modules, are in no pair.
  const isPair = modules.every(({ tensors, frozen }) => tensors.length === 2 && frozen.length === 0);
  if (kind.lowRank && isPair && whole.length === 0) return kind.lowRank;
  throw new TunesmithError({ code: 'mix_not_low_rank', values: { name, kind: kind.title } });
}

function rankOf({ modules }: AdapterLayout): number {
  return Math.max(...modules.map(({ rank }) => rank));
}

/** The rank of a mix. Throws `mix_ranks` for different ranks whose matrices can't be added. */
export function mixedRank(type: CombinationType, ranks: readonly number[], svdRank: number | null): number {
  if (type === 'cat') return ranks.reduce((sum, rank) => sum + rank, 0);
  if (type === 'svd') return svdRank ?? Math.max(...ranks);
  if (new Set(ranks).size > 1) throw new TunesmithError({ code: 'mix_ranks', values: { type, ranks } });
  return ranks[0]!;
}

/** The linear maps that at least one adapter has. */
function mixedTargets(
  spec: ModelSpec,
  adapters: readonly WeightedAdapter[],
): ReturnType<typeof targetSettings> {
  const paths = new Set(adapters.flatMap(({ adapter }) => adapter.layout.modules.map(({ path }) => path)));
  const all = { layers_to_transform: null, layers_pattern: null, exclude_modules: null };
  return { layers_to_transform: null, ...targetSettings({ target_modules: [...paths], ...all }, spec) };
}

function mixPairs(
  module: AdapterModule,
  pairs: readonly IndexedPair[],
  { combination_type: type, density, majority_sign_method: method, svd_rank: svdRank }: MixSettings,
  keeps: Keeps,
): Pair {
  if (type === 'cat') return beside(module, pairs);
  if (type === 'svd') {
    return nearest(module, beside(module, pairs), svdRank ?? module.rank);
  }
  const factors = pairs.map(({ weight, scale }) => weight * scale);
  // PEFT gives the sign to one side only, because two of them would cancel.
  const weights = {
    A: factors.map((factor) => Math.sqrt(Math.abs(factor)) * (factor >= 0 ? 1 : -1)),
    B: factors.map((factor) => Math.sqrt(Math.abs(factor))),
  };
  const rank = Math.max(...pairs.map(({ A }) => A.length / module.in));
  const mixed = (part: 'A' | 'B'): Float32Array => {
    const tensors = pairs.map(({ index, ...pair }) => {
      const own = pair.A.length / module.in;
      const tensor =
        part === 'A'
          ? widened(pair.A, { rows: 1, from: pair.A.length, to: rank * module.in })
          : widened(pair.B, { rows: module.out, from: own, to: rank });
      if (type === 'linear') return tensor;
      if (type === 'ties') return trimmed(tensor, density);
      return dropped(tensor, density, keeps(index, module.path, part));
    });
    return type === 'ties' || type === 'dare_ties'
      ? electedMean(tensors, weights[part], method)
      : weightedSum(tensors, weights[part]);
  };
  return { A: mixed('A'), B: mixed('B') };
}

/** [weight · scale · A; …] and [B, …]: their product is the sum of the pairs' changes. */
function beside({ in: input, out }: AdapterModule, pairs: readonly IndexedPair[]): Pair {
  const ranks = pairs.map(({ A }) => A.length / input);
  const rank = ranks.reduce((sum, each) => sum + each, 0);
  const A = new Float32Array(rank * input);
  const B = new Float32Array(out * rank);
  let at = 0;
  pairs.forEach((pair, index) => {
    const own = ranks[index]!;
    const [weight, scale] = [Math.fround(pair.weight), Math.fround(pair.scale)];
    A.set(
      pair.A.map((value) => Math.fround(value * weight) * scale),
      at * input,
    );
    for (let row = 0; row < out; row++) {
      B.set(pair.B.subarray(row * own, (row + 1) * own), row * rank + at);
    }
    at += own;
  });
  return { A, B };
}

/**
 * The nearest pair of a rank: A of the largest singular values' right vectors, B of the left ones times the values. With A
 * = P Q and Bᵀ = R S, whose Q and S have orthonormal rows, the singular values are those of the small matrix Rᵀ P.
 */
function nearest({ in: input, out }: AdapterModule, { A, B }: Pair, rank: number): Pair {
  const all = A.length / input;
  const wide = Float64Array.from(A);
  const tall = transposed(Float64Array.from(B), all);
  const [right, left] = [wide.slice(), tall.slice()];
  orthonormalizeRows(right, input);
  orthonormalizeRows(left, out);
  const P = productWithTransposed(wide, right, input);
  const R = productWithTransposed(tall, left, out);
  const core = product(transposed(R, all), P, all);
  const { vectors } = symmetricEigen(product(transposed(core, all), core, all));
  const kept = vectors.slice(0, Math.min(rank, all) * all);
  const images = productWithTransposed(kept, core, all);
  return {
    A: Float32Array.from(product(kept, right, input)),
    B: Float32Array.from(transposed(product(images, left, out), out)),
  };
}

/** The matrix [rows, columns] as [columns, rows]. */
function transposed(matrix: Float64Array, columns: number): Float64Array {
  const rows = matrix.length / columns;
  const result = new Float64Array(matrix.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) result[j * rows + i] = matrix[i * columns + j]!;
  }
  return result;
}

/** The matrix [rows, from] with zeros after each row, as [rows, to]. */
function widened(
  matrix: Float32Array,
  { rows, from, to }: { readonly rows: number; readonly from: number; readonly to: number },
): Float32Array {
  if (from === to) return matrix;
  const wide = new Float32Array(rows * to);
  for (let row = 0; row < rows; row++) wide.set(matrix.subarray(row * from, (row + 1) * from), row * to);
  return wide;
}

function keepsOf({ seed, density }: MixSettings): Keeps {
  return (index, path, part) => {
    const stream = streamOf(`${path}.${part}.mix.${index}`);
    return (element) => uniform(seed, stream, element) < density;
  };
}
