import { f32ToF16, floatsOf } from '../../../core/dtype';
import type { OnnxCodec } from './codec';

export const float32: OnnxCodec = {
  encode: (rows) => [rows],
  decode: ([values]) => floatsOf('F32', values ?? new Uint8Array()),
  rounding: { dtype: 'F32' },
};

export const float16: OnnxCodec = {
  encode: (rows) => [halves(rows)],
  decode: ([values]) => floatsOf('F16', values ?? new Uint8Array()),
  rounding: { dtype: 'F16' },
};

const INFINITE = 0x7c00;

/** Rounds to f16. Throws RangeError for values beyond its range. */
export function halves(values: Float32Array): Uint16Array<ArrayBuffer> {
  const rounded = f32ToF16(values);
  if (rounded.some((bits) => (bits & 0x7fff) === INFINITE)) throw new RangeError('beyond float16');
  return rounded;
}
