import { floatsOf, roundedTo } from '../../../core/dtype';
import type { OnnxCodec } from './codec';

export const float32: OnnxCodec = {
  encode: (rows) => [rows],
  decode: ([values]) => floatsOf('F32', values ?? new Uint8Array()),
  rounding: { dtype: 'F32' },
};

export const float16: OnnxCodec = {
  encode: (rows) => [roundedTo('F16', rows)],
  decode: ([values]) => floatsOf('F16', values ?? new Uint8Array()),
  rounding: { dtype: 'F16' },
};
