import {
  f32,
  read,
  spread,
  u32,
  update,
  type Builder,
  type Dispatch,
  type Tensor,
  type Tensors,
  defineOp,
} from './op';
import { weightConstants } from './products/dense_parts';
import { weightTensors, type DenseWeight } from './weight';

/** Elements that share a scale. */
const BLOCK = 64;
/** Elements in a word of codes. */
const WORD = 8;

interface Quantized extends Record<string, Tensor> {
  /** u32 [out · in / 8], packed as packings/nf4.ts says. */
  readonly codes: Tensor;
  /** f32 [out · in / 64], the largest magnitude of each block. */
  readonly absmax: Tensor;
}

const quantizeOp = defineOp<Tensors, Quantized, { readonly weight: DenseWeight }>({
  name: 'nf4_quantize',
  lower({ outputs: { codes, absmax }, attributes: { weight } }, { limits }) {
    return weight.parts.map((part): Dispatch => {
      const blocks = (part.rows * weight.in) / BLOCK;
      return {
        kernel: 'nf4_quantize',
        constants: weightConstants(weight.format, 1),
        overrides: { blocks, first_block: (part.firstRow * weight.in) / BLOCK },
        bindings: [read(part.tensor), update(codes), update(absmax)],
        workgroups: () => spread(Math.ceil(blocks / 8), limits.maxComputeWorkgroupsPerDimension),
        flops: () => blocks * BLOCK * 40,
      };
    });
  },
});

/**
 * Quantises a dense weight [out, in], `in` a multiple of 64, to NF4, byte for byte as bitsandbytes does (the rule is in
 * src/formats/nf4.ts; blocks whose absmax is 2^126 or more are not covered).
 */
export function nf4Quantize(builder: Builder, weight: DenseWeight): Quantized {
  const blocks = (weight.out * weight.in) / BLOCK;
  const types = { codes: u32(blocks * WORD), absmax: f32(blocks) };
  return builder.apply(quantizeOp, weightTensors(weight), types, { weight });
}
