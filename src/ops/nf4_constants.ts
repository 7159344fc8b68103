import type { Nf4Weight } from './weight';

/** Elements that share a scale. */
export const NF4_BLOCK = 64;
/** Blocks that share a nested scale. */
const NESTED_BLOCK = 256;

/**
 * The constants that shaders/lib/nf4_weight.wgsl wants. Where a device contracts a product and a sum into one
 * operation, a double-quantised scale may differ from bitsandbytes' in its last bit.
 */
export function nf4Constants(
  weight: Nf4Weight,
  codesBinding: number,
  scalesBinding: number,
): Record<string, number | boolean> {
  const blocks = (weight.out * weight.in) / NF4_BLOCK;
  return {
    CODES_BINDING: codesBinding,
    SCALES_BINDING: scalesBinding,
    ...(weight.doubleQuant && { DOUBLE_QUANT: true, NESTED_BLOCKS: Math.ceil(blocks / NESTED_BLOCK) }),
  };
}
