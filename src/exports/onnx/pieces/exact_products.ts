import { ONNX_TYPES, type OnnxNode } from '../../../formats/onnx/model';
import { exportDiffers } from '../../run';

/**
 * The nodes of a graph whose products of 8-bit integers multiply with the same codes, scales and zero points, but take
 * activations as they are: (x / scale) (codes − zero points) in place of MatMulInteger's sums. Such a graph computes
 * what its weights compute, up to the rounding of float32, so that a fault in it shows.
 *
 * @throws TunesmithError `export_differs` if a product takes the zero point of other activations
 */
export function withExactProducts(nodes: readonly OnnxNode[]): readonly OnnxNode[] {
  const zeroPoints = new Map<string, string>();
  return nodes.flatMap((node) => {
    const [x = '', codes = '', zeroOfX = '', zeros = ''] = node.inputs;
    const [y = '', scale = '', zero = ''] = node.outputs;
    if (node.type === 'DynamicQuantizeLinear') {
      zeroPoints.set(y, zero);
      return [node, op('Div', [x, scale], exact(y))];
    }
    if (node.type !== 'MatMulInteger') return [node];
    if (zeroPoints.get(x) !== zeroOfX) {
      throw exportDiffers({ detail: `${y} has the zero point of other activations.` });
    }
    const [floats, offsets, weights] = ['floats', 'offsets', 'weights'].map((part) => `${y}_${part}`);
    return [
      op('Cast', [codes], floats!, { to: { int: ONNX_TYPES.float32 } }),
      op('Cast', [zeros], offsets!, { to: { int: ONNX_TYPES.float32 } }),
      op('Sub', [floats!, offsets!], weights!),
      op('MatMul', [exact(x), weights!], y),
    ];
  });
}

function exact(codes: string): string {
  return `${codes}_exact`;
}

function op(
  type: string,
  inputs: readonly string[],
  output: string,
  attributes: OnnxNode['attributes'] = {},
): OnnxNode {
  return { domain: '', type, inputs, outputs: [output], attributes };
}
