import type { OnnxNode } from '../../formats/onnx/model';
import type { AdapterModule } from '../../models/adapters/layout';
import { exportDiffers } from '../run';

/**
 * Requires that a graph computes scale · x Aᵀ Bᵀ with the matrices of a module's adapter, and adds it to the product of the
 * module's weight with the same x (and a bias).
 *
 * @throws TunesmithError `export_differs` naming the module
 */
export function requirePair(
  nodes: readonly OnnxNode[],
  { path, scale }: Pick<AdapterModule, 'path' | 'scale'>,
): void {
  const down = onlyGemm(nodes, `${path}.lora_A`);
  const up = onlyGemm(nodes, `${path}.lora_B`);
  const alpha = up?.attributes['alpha'];
  const isPair =
    down !== undefined &&
    up !== undefined &&
    up.inputs[0] === down.outputs[0] &&
    down.attributes['alpha'] === undefined &&
    Math.fround(alpha && 'float' in alpha ? alpha.float : 1) === Math.fround(scale);
  if (isPair && isAdded(nodes, path, down.inputs[0], up.outputs[0])) return;
  throw exportDiffers({ detail: `The graph does not add ${path}'s adapter at its scale.` });
}

/** The one node that uses a matrix; undefined if there is another, or if it is no product with the transposed matrix. */
function onlyGemm(nodes: readonly OnnxNode[], matrix: string): OnnxNode | undefined {
  const [node, ...others] = nodes.filter(({ inputs }) => inputs.includes(matrix));
  if (!node || others.length > 0 || node.type !== 'Gemm' || node.inputs[1] !== matrix) return undefined;
  const transposed = node.attributes['transB'];
  return transposed && 'int' in transposed && transposed.int === 1 ? node : undefined;
}

function isAdded(
  nodes: readonly OnnxNode[],
  path: string,
  x: string | undefined,
  change: string | undefined,
): boolean {
  const producer = (value: string | undefined) => nodes.find(({ outputs }) => outputs.includes(value ?? ''));
  const [sum, ...others] = nodes.filter(({ inputs }) => inputs.includes(change ?? ''));
  if (sum?.type !== 'Add' || others.length > 0) return false;
  const terms = sum.inputs.filter((input) => input !== change);
  let product = producer(terms[0]);
  if (product?.type === 'Add') product = producer(product.inputs[0]);
  const weight = product?.inputs[1] ?? '';
  return terms.length === 1 && product?.inputs[0] === x && weight.startsWith(`${path}.weight`);
}
