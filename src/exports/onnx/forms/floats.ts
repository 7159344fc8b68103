import { TunesmithError } from '../../../core/errors';
import { quantizeOnnx } from '../../../formats/onnx/codecs/codecs';
import type { FloatType } from './form';

/**
 * Values as a graph stores them. Throws `export_not_finite`, or `export_dtype_range` for values beyond float16's range,
 * naming the tensor.
 */
export function floatBytes(name: string, type: FloatType, values: Float32Array): Uint8Array {
  if (!values.every(Number.isFinite)) {
    throw new TunesmithError({ code: 'export_not_finite', values: { tensor: name } });
  }
  try {
    return quantizeOnnx(type, values, values.length)[0]!;
  } catch (cause) {
    throw new TunesmithError({ code: 'export_dtype_range', values: { tensor: name, dtype: type }, cause });
  }
}
