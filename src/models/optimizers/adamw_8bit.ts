import { dynamicCode } from '../../core/dynamic_code';
import { adamw as adamwOp } from '../../ops/adamw';
import { adamw8bit as adamw8bitOp } from '../../ops/adamw_8bit';
import { adamScalars } from './adamw';
import { BLOCK_TABLE, eightBits, SMALL_TABLE } from './eight_bits';
import type { Optimizer } from './optimizer';

/**
 * AdamW with moments in 8 bits (Dettmers et al. 2022, "8-bit Optimizers via Block-wise Quantization") as bitsandbytes'
 * AdamW8bit, with the nearest value of the dynamic code. A paged optimiser keeps the same state in memory that can be paged
 * to the host, which WebGPU lacks.
 */
export const adamw8bit: Optimizer = {
  name: 'adamw_8bit',
  plan(layout, settings) {
    const { state, tables, blocks, small } = eightBits(layout, settings, 2, dynamicCodes());
    return {
      state,
      tables,
      step(trace, { parameters, gradients, metrics, of }) {
        const flat = { parameters, gradients, metrics };
        if (blocks.length > 0) {
          const codes = { codes1: of('codes1'), codes2: of('codes2') };
          const scales = { absmax1: of('absmax1'), absmax2: of('absmax2') };
          adamw8bitOp(trace, { ...flat, ...codes, ...scales, table: of(BLOCK_TABLE) }, blocks);
        }
        if (small.length > 0) {
          const moments = { moment1: of('moment1'), moment2: of('moment2') };
          adamwOp(trace, { ...flat, ...moments }, { records: small, table: of(SMALL_TABLE) });
        }
      },
      scalars: (values) => adamScalars(settings, values),
    };
  },
};

/** The codes of the first moment, then those of the second. */
export function dynamicCodes(): Float32Array<ArrayBuffer> {
  const codes = new Float32Array(512);
  codes.set(dynamicCode(true));
  codes.set(dynamicCode(false), 256);
  return codes;
}
