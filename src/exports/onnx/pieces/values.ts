import { f16ToF32 } from '../../../core/dtype';
import { elementCount } from '../../../core/shape';
import type { OnnxValue } from '../../../formats/onnx/model';
import { onnxValue, type OnnxTensorValue } from '../../../onnx_runtime/run_graph';

/** A cache of one conversation before its first token: the first dimension is the batch, other named ones are 0. */
export async function emptyCache({ type, shape }: OnnxValue): Promise<OnnxTensorValue> {
  const dims = shape.map((size, index) => (typeof size === 'number' ? size : index === 0 ? 1 : 0));
  const count = elementCount(dims);
  return onnxValue(type, type === 'float16' ? new Uint16Array(count) : new Float32Array(count), dims);
}

/** The numbers of a value in float32. */
export async function floatsOfValue(value: OnnxTensorValue | undefined): Promise<Float32Array> {
  const data = await value?.getData();
  if (data instanceof Float32Array) return data;
  if (value?.type === 'float16' && ArrayBuffer.isView(data)) return f16ToF32(bitsOf(data));
  throw new Error(`a graph has no numbers of type ${value?.type}`);
}

/** Halves come as numbers of 16 bits, or in an array of halves if the engine has one. */
export function bitsOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint16Array<ArrayBuffer> {
  return new Uint16Array(buffer as ArrayBuffer, byteOffset, byteLength / 2);
}
