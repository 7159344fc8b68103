import { floatsOf, type FloatDtype } from '../../core/dtype';
import { compile } from '../../graph/compile';
import { plan } from '../../graph/plan';
import { Trace } from '../../graph/trace';
import type { Device } from '../../gpu/device';
import type { Adapter } from '../../models/adapter';
import { adaptedLinear, BoundAdapter } from '../../models/adapters/bound';
import type { AdapterModule } from '../../models/adapters/layout';
import { BoundWeights } from '../../models/layout';
import type { Model } from '../../models/model';
import type { ModelFolder } from '../../models/folder';
import { readTensorFiles } from '../../models/shards';
import { checkpointTensors, type ModelSpec } from '../../models/spec';
import type { StoredTensor } from '../../models/stored/stored_weight';
import type { ComparedLogits, ExportCheck, ExportSource } from '../format';
import type { MergedTensor } from '../merged/tensors';
import { exportDiffers } from '../run';

/** The largest relative change of a value by rounding to the nearest. */
export const ROUNDING: Readonly<Record<FloatDtype, number>> = { F32: 2 ** -24, F16: 2 ** -11, BF16: 2 ** -8 };
/** Half the distance between two neighbours among the smallest numbers of a dtype. */
export const SMALLEST: Readonly<Record<FloatDtype, number>> = {
  F32: 2 ** -150,
  F16: 2 ** -25,
  BF16: 2 ** -134,
};

/**
 * The largest of many normally distributed values is about four times the typical one, and the largest logit need not
 * have the largest error.
 */
const SPREAD = 4;

/** The relative error of a device's products. It is larger if the device can compute in f16. */
export function productRounding({ gpu }: Device): number {
  return gpu.features.has('shader-f16') ? ROUNDING.F16 : ROUNDING.F32;
}

/**
 * Compares logits. Independent errors of relative size u in all weights change the output of each matrix by about u in
 * relative size, and n matrices one after the other by about √n · u. Both also sum products in f32 in different orders,
 * which changes a sum over k of them by about √k · 2⁻²⁴.
 */
export function compareLogits(
  compared: ComparedLogits | undefined,
  {
    spec,
    dtype,
    rounding,
  }: { readonly spec: ModelSpec; readonly dtype: FloatDtype; readonly rounding: number },
): ExportCheck {
  if (!compared) return { difference: null, allowed: 0 };
  const { ours, theirs } = compared;
  const matrices = checkpointTensors(spec).filter(({ kind }) => kind !== 'vector');
  const longest = Math.max(...matrices.map(({ shape }) => shape[1] ?? 1));
  const each = Math.max(rounding, ROUNDING[dtype]) + Math.sqrt(longest) * ROUNDING.F32;
  let difference = ours.length === theirs.length ? 0 : NaN;
  let largest = 0;
  ours.forEach((value, i) => {
    // Math.max also keeps a NaN.
    difference = Math.max(difference, Math.abs(value - (theirs[i] ?? NaN)));
    largest = Math.max(largest, Math.abs(value));
  });
  return { difference, allowed: SPREAD * Math.sqrt(matrices.length) * each * largest };
}

/**
 * Recomputes columns of each adapted matrix from the base and the adapter on the device, and compares all their values
 * with the written ones. This also finds a missing adapter that changes the logits by less than rounding does.
 *
 * @param rounding of the device's own products, relative to their size
 * @throws TunesmithError `export_differs` naming the tensor
 */
export async function checkColumns(
  { adapter: { layout }, withTuned }: ExportSource,
  tensors: readonly MergedTensor[],
  written: ModelFolder,
  rounding: number,
): Promise<void> {
  const names = new Map(tensors.map(({ name, from }) => [from.name, name]));
  const stored = (await readTensorFiles(written))?.tensors;
  await withTuned(async (base, adapter) => {
    for (const module of layout.modules) {
      const name = names.get(`${module.path}.weight`) ?? '';
      const tensor = stored?.get(name);
      const columns = sampledColumns(module.in);
      const computed = await adaptedColumns(base, adapter, module, columns);
      if (tensor && (await holdsColumns(tensor, columns, computed, rounding))) continue;
      throw exportDiffers({ detail: `${name} is not the base’s ${module.path} with its adapter.` });
    }
  });
}

/** Number of columns to recompute in each adapted matrix. */
const COLUMNS = 8;

/**
 * Computes columns of an adapted matrix in the same way as training and chat: applies the linear map with its adapter
 * to unit vectors. f32 [columns, out]
 */
export async function adaptedColumns(
  base: Model,
  adapter: Adapter,
  { path, in: input, out }: AdapterModule,
  columns: readonly number[],
): Promise<Float32Array<ArrayBuffer>> {
  const { device, layout } = base;
  const trace = new Trace();
  const x = trace.bound('columns', 'f32', ['rows', input]);
  const weight = new BoundWeights(trace, layout).weight(`${path}.weight`);
  const around = new BoundAdapter(trace, adapter.layout, false).around(path);
  const y = adaptedLinear(trace, { x, weight, ...(around && { adapter: around }) });
  const planned = plan(trace, trace.nodes, { capacity: COLUMNS, limits: device.limits, keep: [y] });
  const buffers = new Map([...base.buffers, ...adapter.buffers]);
  const program = await compile(device, planned, { buffers, inputs: ['columns'], purpose: 'loading' });
  try {
    await adapter.ready(base);
    const ones = new Float32Array(COLUMNS * input);
    columns.forEach((column, row) => (ones[row * input + column] = 1));
    program.write('columns', ones);
    await program.run({ rows: columns.length });
    return new Float32Array(await program.read(y, columns.length)).slice(0, columns.length * out);
  } finally {
    program.destroy();
  }
}

/** Columns spread evenly over a matrix, including the first and the last. */
export function sampledColumns(input: number): readonly number[] {
  const count = Math.min(COLUMNS, input);
  return Array.from({ length: count }, (_, i) => Math.round((i * (input - 1)) / Math.max(1, count - 1)));
}

/**
 * Whether the columns of a stored matrix equal the computed ones, rounded to its dtype. This works even for an adapter
 * that changes the weights by less than their rounding: a value that was rounded differently is off by more than half a
 * step.
 *
 * @param computed f32 [columns, out]
 * @param rounding of the device's own products, relative to the largest value of the column
 */
export async function holdsColumns(
  { file, begin, dtype, shape: [out = 0, input = 0] }: StoredTensor,
  columns: readonly number[],
  computed: Float32Array,
  rounding: number,
): Promise<boolean> {
  const own = dtype as FloatDtype;
  const rowBytes = input * (own === 'F32' ? 4 : 2);
  const run = Math.max(1, Math.floor(RUN_BYTES / rowBytes));
  // Sums over a row, such as DoRA's norms, are in f32.
  const ofDevice = DEVICE_ROUNDINGS * rounding + Math.sqrt(input) * ROUNDING.F32;
  const largest = columns.map((_, i) =>
    computed.subarray(i * out, (i + 1) * out).reduce((most, value) => Math.max(most, Math.abs(value)), 0),
  );
  for (let first = 0; first < out; first += run) {
    const count = Math.min(run, out - first);
    const bytes = await file.read(begin + first * rowBytes, begin + (first + count) * rowBytes);
    const rows = floatsOf(own, bytes);
    for (let row = 0; row < count; row++) {
      for (const [i, column] of columns.entries()) {
        const value = computed[i * out + first + row]!;
        const allowed = ROUNDING[own] * Math.abs(value) + SMALLEST[own] + ofDevice * (largest[i] ?? 0);
        // Written with "not", so that NaN fails.
        if (!(Math.abs(rows[row * input + column]! - value) <= allowed)) return false;
      }
    }
  }
  return true;
}

const RUN_BYTES = 8 * 2 ** 20;
/** Number of roundings on the device, with margin: of the weight, both factors of the adapter and their products. */
export const DEVICE_ROUNDINGS = 8;
