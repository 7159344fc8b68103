import type { GptqPacking } from '../weight';
import type { WeightFormat } from './format';
import { groupedBuffers, groupedOverrides, groupedRefusal } from './grouped';

/**
 * GPTQ (Frantar et al. 2022) with 4 bits. grouped.ts has the scales; zero points in the order of the output rows, as they
 * are meant (files of AutoGPTQ's first layout store them less one).
 *
 * codes   u32 [in / 8, out]   a word holds input columns 8 k to 8 k + 7 of one output row, the first in the low bits
 */
export const gptqFormat: WeightFormat<GptqPacking> = {
  buffers: ({ groupSize, actOrder }, out, input) =>
    groupedBuffers(Math.ceil(input / groupSize), out, input, actOrder),
  refusal: ({ groupSize }, out, input) => groupedRefusal(groupSize, out, input),
  reader: ({ groupSize, actOrder }, out, input) => ({
    constants: { WEIGHT_GPTQ: true, ...(actOrder && { ACT_ORDER: true }) },
    overrides: groupedOverrides(groupSize, Math.ceil(input / groupSize), out, input),
  }),
};
