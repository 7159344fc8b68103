import { bytesOf } from '../../../core/bytes';
import { f32ToF16 } from '../../../core/dtype';
import { TunesmithError } from '../../../core/errors';
import type { FloatType } from './form';

const INFINITE = 0x7c00;

/**
 * Values as a graph stores them. Throws `export_not_finite`, or `export_dtype_range` for values beyond float16's range,
 * naming the tensor.
 */
export function floatBytes(name: string, type: FloatType, values: Float32Array): Uint8Array {
  requireFinite(name, values);
  if (type === 'float32') return bytesOf(values);
  const rounded = f32ToF16(values);
  if (rounded.some((bits) => (bits & 0x7fff) === INFINITE)) {
    throw new TunesmithError({ code: 'export_onnx_float16', values: { tensor: name } });
  }
  return bytesOf(rounded);
}

/** Throws `export_not_finite` naming the tensor. */
export function requireFinite(name: string, values: Float32Array): void {
  if (!values.every(Number.isFinite)) {
    throw new TunesmithError({ code: 'export_not_finite', values: { tensor: name } });
  }
}
