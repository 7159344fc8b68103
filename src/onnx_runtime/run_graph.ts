import type { Tensor } from 'onnxruntime-web';
import { refusal } from './open';
import { loadRuntime } from './runtime';

export type OnnxTensorValue = Tensor;

export interface GraphRun {
  /** The bytes of a .onnx file. */
  readonly model: Uint8Array;
  /** The contents of the files that it names, by their names. */
  readonly data: ReadonlyMap<string, Uint8Array>;
  readonly feeds: Readonly<Record<string, Tensor>>;
  readonly wanted: readonly string[];
}

/** Makes a value of a graph. @param data numbers; for float16 their bits */
export async function onnxValue(
  type: Tensor.Type,
  data: Tensor.DataType,
  dims: readonly number[],
): Promise<Tensor> {
  const { Tensor } = await loadRuntime('wasm');
  return new Tensor(type, data, dims);
}

/**
 * Runs a graph once in WebAssembly and frees it.
 *
 * @throws TunesmithError `onnx_no_memory`, `onnx_refused`, `onnx_runtime_missing`
 */
export async function runGraph({ model, data, feeds, wanted }: GraphRun): Promise<Record<string, Tensor>> {
  const { InferenceSession } = await loadRuntime('wasm');
  try {
    const session = await InferenceSession.create(model, {
      executionProviders: ['wasm'],
      logSeverityLevel: 3,
      externalData: Array.from(data, ([path, content]) => ({ path, data: content })),
    });
    try {
      return await session.run(feeds, wanted);
    } finally {
      await session.release();
    }
  } catch (cause) {
    throw refusal({ path: 'model.onnx' }, cause);
  }
}
