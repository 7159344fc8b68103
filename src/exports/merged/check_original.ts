import { floatsOf, type FloatDtype } from '../../core/dtype';
import type { ModelFolder } from '../../models/folder';
import { readTensorFiles } from '../../models/shards';
import type { TensorSpec } from '../../models/spec';
import type { StoredTensor } from '../../models/stored/stored_weight';
import {
  adaptedColumns,
  DEVICE_ROUNDINGS,
  ROUNDING,
  sampledColumns,
  SMALLEST,
} from '../check/written_weights';
import type { ExportSource } from '../format';
import { exportDiffers } from '../run';
import type { MergedTensor } from './tensors';
import { mergedAs, trainedBase, type BaseWeights } from './weights';

/**
 * Checks a model on its original base. The device computes with another base, so its logits don't tell. Instead, for some
 * rows of each adapted matrix: the sum of the trained base and the adapter must be what the device computes, and the
 * written row must be the sum of the original row and the same adapter.
 *
 * @param rounding of the device's own products, relative to their size
 * @throws TunesmithError `export_differs` naming the tensor
 */
export async function checkOnOriginal(
  source: ExportSource,
  tensors: readonly MergedTensor[],
  written: ModelFolder,
  { weights, rounding }: { readonly weights: BaseWeights; readonly rounding: number },
): Promise<void> {
  const places = new Map(tensors.map((tensor) => [tensor.from.name, tensor]));
  const stored = (await readTensorFiles(written))?.tensors;
  const trained = trainedBase(source);
  await source.withTuned(async (base, adapter) => {
    for (const module of source.adapter.layout.modules) {
      const { name, from } = places.get(`${module.path}.weight`) ?? {};
      const tensor = stored?.get(name ?? '');
      if (!from || 'file' in from || !tensor)
        throw exportDiffers({ detail: `${module.path} was not written.` });
      const columns = sampledColumns(module.in);
      const computed = await adaptedColumns(base, adapter, module, columns);
      for (const row of sampledRows(module.out)) {
        const merged = await mergedRow(source, from, trained, row);
        const of = columns.map((column, i) => [merged[column]!, computed[i * module.out + row]!] as const);
        const largest = Math.max(...computed.map(Math.abs));
        const allowed = (DEVICE_ROUNDINGS * rounding + Math.sqrt(module.in) * ROUNDING.F32) * largest;
        const onDevice = of.every(([ours, theirs]) => Math.abs(ours - theirs) <= allowed);
        const expected = await mergedRow(source, from, weights, row);
        if (onDevice && isRounded(await rowOf(tensor, row), expected, tensor.dtype as FloatDtype)) continue;
        throw exportDiffers({ detail: `Row ${row} of ${name} is not the original base’s with the adapter.` });
      }
    }
  });
}

/** Rows at the begin, in the middle and near the end. A run of packed rows begins at a multiple of 64. */
function sampledRows(out: number): readonly number[] {
  const last = Math.floor((out - 1) / 64) * 64;
  return [...new Set([0, Math.floor(last / 128) * 64, last])];
}

async function mergedRow(
  source: ExportSource,
  tensor: TensorSpec,
  base: BaseWeights,
  row: number,
): Promise<Float32Array<ArrayBuffer>> {
  return mergedAs(source, tensor, await base.rows(tensor, { first: row, count: 1 }), row);
}

async function rowOf({ file, begin, end, dtype, shape }: StoredTensor, row: number): Promise<Float32Array> {
  const bytes = (end - begin) / (shape[0] ?? 1);
  return floatsOf(dtype as FloatDtype, await file.read(begin + row * bytes, begin + (row + 1) * bytes));
}

/** Whether values are these ones, rounded once to the dtype. */
function isRounded(values: Float32Array, expected: Float32Array, dtype: FloatDtype): boolean {
  return expected.every((value, i) => {
    const allowed = ROUNDING[dtype] * Math.abs(value) + SMALLEST[dtype];
    return Math.abs((values[i] ?? NaN) - value) <= allowed;
  });
}
