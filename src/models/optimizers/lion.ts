import { dynamicCode } from '../../core/dynamic_code';
import { lion as lionOp } from '../../ops/lion';
import { lion8bit as lion8bitOp } from '../../ops/lion_8bit';
import { adamScalars } from './adamw';
import { BLOCK_TABLE, eightBits, SMALL_TABLE } from './eight_bits';
import { f32Moments, flatTable } from './flat';
import type { Optimizer } from './optimizer';

/** Lion (Chen et al. 2023): the sign of one moment, in f32, as bitsandbytes' Lion. */
export const lion: Optimizer = {
  name: 'lion_32bit',
  plan(layout, settings) {
    const { tables, tensors } = flatTable(layout, settings);
    return {
      state: f32Moments(layout.size, 1),
      tables,
      step(trace, { parameters, gradients, metrics, of }) {
        lionOp(trace, { parameters, gradients, metrics, moment1: of('moment1') }, tensors(of));
      },
      scalars: (values) => adamScalars(settings, values),
    };
  },
};

/** Lion with its moment in 8 bits, as bitsandbytes' Lion8bit. */
export const lion8bit: Optimizer = {
  name: 'lion_8bit',
  plan(layout, settings) {
    const codes = new Float32Array(dynamicCode(true));
    const { state, tables, blocks, small } = eightBits(layout, settings, 1, codes);
    return {
      state,
      tables,
      step(trace, { parameters, gradients, metrics, of }) {
        const flat = { parameters, gradients, metrics };
        if (blocks.length > 0) {
          const own = { codes1: of('codes1'), absmax1: of('absmax1'), table: of(BLOCK_TABLE) };
          lion8bitOp(trace, { ...flat, ...own }, blocks);
        }
        if (small.length > 0) {
          lionOp(trace, { ...flat, moment1: of('moment1') }, { records: small, table: of(SMALL_TABLE) });
        }
      },
      scalars: (values) => adamScalars(settings, values),
    };
  },
};
