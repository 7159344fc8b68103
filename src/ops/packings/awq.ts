import type { AwqPacking } from '../weight';
import type { WeightFormat } from './format';
import { groupedBuffers, groupedOverrides, groupedRefusal } from './grouped';

/**
 * AWQ (Lin et al. 2023) with 4 bits, in AutoAWQ's layout "gemm". grouped.ts has the scales.
 *
 * codes   u32 [in, out / 8]   a word holds output rows 8 n to 8 n + 7 of one input column, from the low bits up in the order
 *                             0, 2, 4, 6, 1, 3, 5, 7; zero points likewise
 */
export const awqFormat: WeightFormat<AwqPacking> = {
  buffers: ({ groupSize }, out, input) => groupedBuffers(Math.ceil(input / groupSize), out, input, false),
  refusal: ({ groupSize }, out, input) => groupedRefusal(groupSize, out, input),
  reader: ({ groupSize }, out, input) => ({
    constants: { WEIGHT_AWQ: true },
    overrides: groupedOverrides(groupSize, Math.ceil(input / groupSize), out, input),
  }),
};
