import { expect, it } from 'vitest';
import { dataFiles } from '../../../../src/exports/onnx/data_files';
import type { WeightData } from '../../../../src/exports/onnx/graph';

/** Two tensors of the given bytes, filled with a number each, in parts that do not end where the tensors do. */
function weight(name: string, first: number, second: number): WeightData {
  return {
    tensors: [
      { name: `${name}.codes`, type: 'uint8', shape: [first] },
      { name: `${name}.scales`, type: 'uint8', shape: [second] },
    ],
    async *parts() {
      const bytes = new Uint8Array(first + second).fill(1, 0, first).fill(2, first);
      for (let at = 0; at < bytes.length; at += 7) yield await Promise.resolve(bytes.subarray(at, at + 7));
    },
  };
}

it('puts each tensor at a page of its file, with the size that was planned', async () => {
  const weights = [weight('a', 10, 5000), weight('b', 3, 1), weight('c', 9000, 2)];
  const files = dataFiles('model_q4.onnx', weights, 5 * 4096);
  expect(files.map(({ name }) => name)).toEqual(['model_q4.onnx_data', 'model_q4.onnx_data_1']);
  for (const { name, size, tensors, parts } of files) {
    const bytes: number[] = [];
    for await (const part of parts()) bytes.push(...part);
    expect(bytes).toHaveLength(size);
    for (const { name: tensor, data, shape } of tensors) {
      expect(data).toMatchObject({ location: name, length: shape[0] });
      expect(data.offset % 4096).toBe(0);
      const own = bytes.slice(data.offset, data.offset + data.length);
      expect(own.every((value) => value === (tensor.endsWith('codes') ? 1 : 2))).toBe(true);
    }
  }
});

it('refuses a weight that no file holds', () => {
  expect(() => dataFiles('model.onnx', [weight('a', 10, 5000)], 5000)).toThrow(
    expect.objectContaining({ code: 'export_onnx_tensor_size' }) as Error,
  );
});
