import {
  f32,
  read,
  spread,
  update,
  u32,
  write,
  type Builder,
  type Dispatch,
  type Lowering,
  type Op,
  type Tensor,
  type Tensors,
} from './op';
import { weightConstants } from './matmul';
import { NF4_BLOCK as BLOCK, nf4Constants } from './nf4_constants';
import { weightTensors, type DenseWeight, type Nf4Weight } from './weight';

/** Elements in a word of codes. */
const WORD = 8;

export interface DequantizeRequest {
  readonly weight: Nf4Weight;
  /** Rows firstRow … firstRow + rows - 1 of the weight. */
  readonly firstRow: number;
  readonly rows: number;
  /** f32 [rows, in] */
  readonly target: Tensor;
}

/** target = the weight's rows in float32, to the bit what bitsandbytes makes of them (but see `nf4Constants`). */
export function dequantize({ limits }: Lowering, request: DequantizeRequest): Dispatch {
  const { weight, firstRow, rows, target } = request;
  const words = (rows * weight.in) / WORD;
  return {
    kernel: 'nf4_dequantize',
    constants: nf4Constants(weight, 1, 2),
    overrides: { first_word: (firstRow * weight.in) / WORD },
    bindings: [read(weight.codes), read(weight.scales), write(target)],
    workgroups: () => spread(Math.ceil(words / 64), limits.maxComputeWorkgroupsPerDimension),
    flops: () => rows * weight.in * 4,
  };
}

const dequantizeOp: Op<Tensors, { y: Tensor }, { readonly weight: Nf4Weight }> = {
  name: 'nf4_dequantize',
  lower({ outputs: { y }, attributes: { weight } }, lowering) {
    return [dequantize(lowering, { weight, firstRow: 0, rows: weight.out, target: y })];
  },
};

/** The weight in float32 [out, in]. Not differentiated: a 4-bit weight is frozen. */
export function nf4Dequantize(builder: Builder, weight: Nf4Weight): Tensor {
  return builder.apply(dequantizeOp, weightTensors(weight), { y: f32(weight.out, weight.in) }, { weight }).y;
}

interface Quantized extends Record<string, Tensor> {
  /** u32 [out · in / 8], packed as `Nf4Weight` says. */
  readonly codes: Tensor;
  /** f32 [out · in / 64], the largest magnitude of each block. */
  readonly absmax: Tensor;
}

const quantizeOp: Op<Tensors, Quantized, { readonly weight: DenseWeight }> = {
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
};

/**
 * Quantises a dense weight [out, in], `in` a multiple of 64, to NF4, byte for byte as bitsandbytes does (the rule is in
 * src/formats/nf4.ts; blocks whose absmax is 2^126 or more are not covered).
 */
export function nf4Quantize(builder: Builder, weight: DenseWeight): Quantized {
  const blocks = (weight.out * weight.in) / BLOCK;
  const types = { codes: u32(blocks * WORD), absmax: f32(blocks) };
  return builder.apply(quantizeOp, weightTensors(weight), types, { weight });
}
