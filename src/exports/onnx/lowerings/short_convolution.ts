import { elements, rowElements, type Tensor } from '../../../ops/op';
import type { ShortConvolutionInputs } from '../../../ops/short_convolution';
import type { Lowering } from '../scope';

/** No end of a slice. */
const END = 2 ** 31 - 1;

/**
 * y = C ⊙ (weight ∗ (B ⊙ x) + bias). The cache holds the last `kernel` − 1 columns of B ⊙ x, as in onnxruntime-genai's
 * LFM2; transformers.js takes any number.
 */
export const shortConvolution: Lowering<ShortConvolutionInputs & { readonly segments: Tensor }, undefined> = {
  op: 'short_convolution',
  lower({ inputs: { bcx, weight, bias } }, scope) {
    const { graph, block, float } = scope;
    const channels = rowElements(bcx.shape) / 3;
    const kernel = elements(weight.shape, 1) / channels;
    const history = kernel - 1;
    const shape = ['batch_size', channels, history];
    const past = graph.input({ name: `past_conv.${block}`, type: float, shape });
    const present = graph.output({ name: `present_conv.${block}`, type: float, shape });
    const transposed = (x: string): string =>
      graph.op('Transpose', [x], { attributes: { perm: { ints: [0, 2, 1] } } });
    const parts = ['B', 'C', 'X'].map((part) => graph.fresh(part));
    graph.op(
      'Split',
      [transposed(scope.inSequences(scope.value(bcx))), graph.ints([channels, channels, channels])],
      {
        attributes: { axis: { int: 1 } },
        outputs: parts,
      },
    );
    const [B = '', C = '', x = ''] = parts;
    const gated = graph.op('Concat', [past, graph.op('Mul', [B, x])], { attributes: { axis: { int: 2 } } });
    const start = graph.ints([history === 0 ? END : -history]);
    graph.op('Slice', [gated, start, graph.ints([END]), graph.ints([2])], { outputs: [present] });
    const filter = graph.op('Reshape', [scope.value(weight), graph.ints([channels, 1, kernel])]);
    const y = graph.op('Conv', [gated, filter, ...(bias ? [scope.value(bias)] : [])], {
      attributes: { group: { int: channels }, kernel_shape: { ints: [kernel] }, pads: { ints: [0, 0] } },
    });
    return { y: scope.inRows(transposed(graph.op('Mul', [C, y])), channels) };
  },
};
