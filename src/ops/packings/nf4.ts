import type { Nf4Packing } from '../weight';
import { nf4ScaleWords } from '../nf4_scales';
import type { WeightFormat } from './format';
import { message } from '../../core/messages/message';

/** Elements in a word of codes. */
const WORD = 8;

/**
 * bitsandbytes' NF4, over the flattened row-major matrix; blocks may straddle rows.
 *
 * codes   u32 [out * in / 8]   the bytes as bitsandbytes packs them, four to a little-endian word; the element of lower
 *                              index is in the high nibble of its byte
 * scales  u32                  `doubleQuant` false: the blocks' absmax as f32 bits [blocks].
 *                              true: the 8-bit map as f32 bits [256], the offset as f32 bits [1] and padding to 320 words,
 *                              then nested_absmax as f32 bits [ceil(blocks / nestedBlockSize)], then the blocks' 8-bit
 *                              absmax, four to a word [ceil(blocks / 4)]
 *
 * If a device contracts a product and a sum into one operation, a double-quantised scale may differ from
 * bitsandbytes' in its last bit.
 */
export const nf4Format: WeightFormat<Nf4Packing> = {
  buffers(packing, out, input) {
    const blocks = blockCount(packing, out, input);
    return { codes: ((out * input) / WORD) * 4, scales: nf4ScaleWords(blocks, packing) * 4 };
  },
  refusal({ blockSize }, _out, input) {
    if (blockSize % WORD !== 0) return message('packing_blocks', { size: blockSize, multiple: WORD });
    return input % WORD === 0 ? undefined : message('packing_rows', { multiple: WORD });
  },
  reader(packing, out, input) {
    const { blockSize, doubleQuant, nestedBlockSize } = packing;
    const nestedBlocks = Math.ceil(blockCount(packing, out, input) / nestedBlockSize);
    return {
      constants: {
        WEIGHT_NF4: true,
        NF4_BLOCK: blockSize,
        ...(doubleQuant && { DOUBLE_QUANT: true, NF4_NESTED_BLOCK: nestedBlockSize }),
      },
      overrides: { ...(doubleQuant && { nested_blocks: nestedBlocks }) },
    };
  },
};

function blockCount({ blockSize }: Nf4Packing, out: number, input: number): number {
  return Math.ceil((out * input) / blockSize);
}
