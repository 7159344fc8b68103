import type { Device } from '../../src/gpu/device';
import { differentiate } from '../../src/graph/differentiate';
import { Trace } from '../../src/graph/trace';
import { linearMaps } from '../../src/models/spec';
import { linear } from '../../src/ops/linear';
import { f32, type Tensor } from '../../src/ops/op';
import { packedBuffers } from '../../src/ops/packings/packed';
import { nf4Packing, type Weight } from '../../src/ops/weight';
import type { SlotContent } from './contents';
import type { Filler } from './fill';
import { layoutsOf, type ModelName } from './models';
import { compileNodes, type NamedNode, type NodePrograms } from './nodes';

/** Sizes of a matrix product: x [rows, in] times W [out, in] transposed. */
export interface ProductShape {
  /** Its name beside the shape: '512³', 'up_proj'. */
  readonly name: string;
  readonly in: number;
  readonly out: number;
}

export const CUBE: ProductShape = { name: '512³', in: 512, out: 512 };

/** The distinct linear maps of a model's block. */
export function productShapes(model: ModelName, maxBinding: number): ProductShape[] {
  const { spec } = layoutsOf(model, maxBinding, 1);
  const shapes = new Map<string, { names: string[]; in: number; out: number }>();
  for (const { name, out, in: input } of linearMaps({ ...spec, blocks: spec.blocks.slice(0, 1) })) {
    const key = `${out} × ${input}`;
    const shape = shapes.get(key) ?? { names: [], in: input, out };
    shape.names.push(name);
    shapes.set(key, shape);
  }
  return [...shapes.values()].map(({ names, ...sizes }) => ({ name: names.join(', '), ...sizes }));
}

export type WeightKind = 'f32' | 'nf4';

/** The name of a product's figure. */
export function productName(shape: ProductShape, weight: WeightKind, transposed: boolean): string {
  return `${shape.name} ${weight}${transposed ? ' transposed' : ''}`;
}

/**
 * Measures the products of each shape without an adapter: with a dense weight in f32 and with one in NF4, forward (y =
 * x Wᵀ) and transposed (dx = dy W, as in the backward pass).
 */
export async function products(
  device: Device,
  filler: Filler,
  { shapes, rows }: { readonly shapes: readonly ProductShape[]; readonly rows: number },
): Promise<NodePrograms> {
  const nodes: NamedNode[] = [];
  const contents = new Map<string, SlotContent>();
  for (const shape of shapes) {
    for (const kind of ['f32', 'nf4'] as const) {
      const trace = new Trace();
      const x = trace.planned('x', f32('rows', shape.in));
      const weight = weightOf(trace, shape, kind, contents);
      const y = linear(trace, { x, weight });
      const seeds = new Map<Tensor, Tensor>([[y, trace.planned('dy', f32('rows', shape.out))]]);
      differentiate(trace, { wanted: [x], seeds });
      for (const traced of trace.nodes) {
        nodes.push({ traced, name: productName(shape, kind, traced.backward) });
      }
    }
  }
  return await compileNodes(device, filler, { nodes, run: { rows }, capacity: rows, contents });
}

function weightOf(
  trace: Trace,
  { name, in: input, out }: ProductShape,
  kind: WeightKind,
  contents: Map<string, SlotContent>,
): Weight {
  if (kind === 'f32') {
    const tensor = trace.bound(`${name}.weight`, 'f32', [out, input]);
    return {
      kind: 'dense',
      name,
      format: 'f32',
      out,
      in: input,
      parts: [{ firstRow: 0, rows: out, tensor }],
    };
  }
  const packing = nf4Packing(true);
  const sizes = packedBuffers(packing, out, input);
  const codes = trace.bound(`${name}.codes`, 'u32', [sizes.codes / 4]);
  const scales = trace.bound(`${name}.scales`, 'u32', [(sizes.scales ?? 0) / 4]);
  contents.set(`${name}.codes`, 'bits');
  return { kind: 'packed', name, out, in: input, packing, tensors: { codes, scales } };
}
