import type { LinearOperator } from '../../core/truncated_svd';
import type { Limits } from '../../ops/op';
import type { Model } from '../model';
import type { AdaptedShape } from './kind';
import type { AdapterModule } from './layout';
import { planProducts, productBytes, WeightProducts, type ProductShape } from './weight_products';

/** Most vectors that are multiplied with a weight at once. */
type BlockOf = (shape: AdaptedShape) => number;

export interface BaseProductsRequest {
  readonly modules: readonly AdapterModule[];
  readonly blockOf: BlockOf;
  /** A module's weight as runs of its rows, f32 [count, in]. */
  readonly rowsOf: (module: AdapterModule) => AsyncIterable<Float32Array<ArrayBuffer>>;
  readonly onProgress?: ((fraction: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Calls back with the weight of each adapted linear map, one after the other, as products on the device. Modules of one
 * shape share programs. Throws the errors of reading and of the device, and the signal's reason.
 */
export async function withBaseProducts(
  model: Model,
  { modules, blockOf, rowsOf, onProgress, signal }: BaseProductsRequest,
  work: (weight: LinearOperator, module: AdapterModule) => Promise<void>,
): Promise<void> {
  const elements = ({ out, in: input }: AdapterModule): number => out * input;
  const total = modules.reduce((sum, module) => sum + elements(module), 0);
  let done = 0;
  for (const { shape, modules: same } of shapesOf(modules, blockOf)) {
    signal?.throwIfAborted();
    const products = await WeightProducts.compile(model.device, shape);
    try {
      for (const module of same) {
        onProgress?.(done / total);
        await products.load(rowsOf(module));
        await work(stoppable(products, signal), module);
        done += elements(module);
      }
    } finally {
      products.destroy();
    }
  }
}

/** Most bytes that `withBaseProducts` takes on the device. */
export function baseProductsBytes(
  modules: readonly AdapterModule[],
  blockOf: BlockOf,
  limits: Limits,
): number {
  return Math.max(
    ...shapesOf(modules, blockOf).map(({ shape }) => productBytes(planProducts(shape, limits))),
  );
}

function stoppable(products: WeightProducts, signal: AbortSignal | undefined): LinearOperator {
  return {
    out: products.out,
    in: products.in,
    forward: async (x) => {
      signal?.throwIfAborted();
      return await products.forward(x);
    },
    backward: (y) => products.backward(y),
  };
}

/** The distinct shapes and ranks: modules that share them share programs. */
function shapesOf(
  modules: readonly AdapterModule[],
  blockOf: BlockOf,
): readonly { readonly shape: ProductShape; readonly modules: readonly AdapterModule[] }[] {
  const groups = new Map<string, AdapterModule[]>();
  for (const module of modules) {
    const key = [module.out, module.in, module.rank].join();
    groups.set(key, [...(groups.get(key) ?? []), module]);
  }
  return [...groups.values()].map((group) => {
    const { out, in: input } = group[0]!;
    return { shape: { out, in: input, block: blockOf(group[0]!) }, modules: group };
  });
}
