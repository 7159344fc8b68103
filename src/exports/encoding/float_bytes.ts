import { bytesOf } from '../../core/bytes';
import { roundedTo, type FloatDtype } from '../../core/dtype';
import { TunesmithError } from '../../core/errors';

/** The types of plain numbers by the names that Transformers and ONNX Runtime have for them. */
export const FLOAT_TYPES = { float16: 'F16', bfloat16: 'BF16', float32: 'F32' } as const satisfies Readonly<
  Record<string, FloatDtype>
>;
export type FloatName = keyof typeof FLOAT_TYPES;

/**
 * Values of a tensor as files store them; for float32 the memory of `values` itself.
 *
 * @throws TunesmithError `export_not_finite`, `export_dtype_range` naming the tensor
 */
export function floatBytes(tensor: string, type: FloatName, values: Float32Array): Uint8Array {
  if (!values.every(Number.isFinite)) throw notEncodable(tensor, type, values);
  try {
    return bytesOf(roundedTo(FLOAT_TYPES[type], values));
  } catch (cause) {
    throw notEncodable(tensor, type, values, cause);
  }
}

/** The error for values of a tensor that a type can't hold. */
export function notEncodable(
  tensor: string,
  dtype: string,
  values: Float32Array,
  cause?: unknown,
): TunesmithError {
  return values.every(Number.isFinite)
    ? new TunesmithError({ code: 'export_dtype_range', values: { tensor, dtype }, cause })
    : new TunesmithError({ code: 'export_not_finite', values: { tensor }, cause });
}
