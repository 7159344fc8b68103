import { NEAREST } from '../../core/dtype';
import { compile } from '../../graph/compile';
import { plan } from '../../graph/plan';
import { Trace } from '../../graph/trace';
import type { Adapter } from '../../models/adapter';
import { adaptedLinear, BoundAdapter } from '../../models/adapters/bound';
import type { AdapterModule } from '../../models/adapters/layout';
import { readRows, sampledRuns } from '../../models/base_rows';
import { BoundWeights } from '../../models/layout';
import type { Model } from '../../models/model';
import type { CheckOptions, ExportSource } from '../format';
import { mergeOf } from '../merged/weights';
import { exportDiffers } from '../run';
import { ROUNDINGS, rowRounding } from './rounding';

/**
 * Compares the adapter's change of each matrix, at some columns and rows, with the change that the device computes in the
 * way of training and chat: with the adapter minus without it. The processor merges the rows that an export writes, so
 * this finds a wrong merge, whatever the export's format, and even if the change is smaller than the device's rounding of
 * the weights.
 *
 * @throws TunesmithError `export_differs` naming the module, and the signal's reason
 */
export async function checkColumns(
  source: ExportSource,
  { onProgress, signal }: CheckOptions = {},
): Promise<void> {
  const { modules } = source.adapter.layout;
  await source.withTuned(async (base, adapter) => {
    for (const [done, module] of modules.entries()) {
      signal?.throwIfAborted();
      onProgress?.(done / modules.length);
      const columns = sampledColumns(module.in);
      const tuned = await columnsOf(base, adapter, module, columns);
      const plain = await columnsOf(base, undefined, module, columns);
      if (await mergesTo(source, base, module, columns, { tuned, plain })) continue;
      throw exportDiffers({ detail: `${module.path} is not merged as the device computes it.` });
    }
  });
}

/** Columns of a matrix on the device, with the adapter and without it, f32 [columns, out]. */
interface Columns {
  readonly tuned: Float32Array;
  readonly plain: Float32Array;
}

async function mergesTo(
  source: ExportSource,
  base: Model,
  { path, in: input, out }: AdapterModule,
  columns: readonly number[],
  { tuned, plain }: Columns,
): Promise<boolean> {
  const merge = mergeOf(source, path);
  const changes = tuned.map((value, i) => value - plain[i]!);
  const largest = (values: Float32Array, i: number): number =>
    values.subarray(i * out, (i + 1) * out).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const allowed = columns.map(
    (_, i) => ROUNDINGS * NEAREST.F32 * largest(changes, i) + rowRounding(input) * largest(tuned, i),
  );
  for (const run of sampledRuns(out)) {
    const rows = await readRows(base, `${path}.weight`, run);
    const before = rows.slice();
    merge?.(rows, run.first);
    for (let row = 0; row < run.count; row++) {
      for (const [i, column] of columns.entries()) {
        const at = row * input + column;
        const difference = rows[at]! - before[at]! - changes[i * out + run.first + row]!;
        // Written with "not", so that NaN fails.
        if (!(Math.abs(difference) <= allowed[i]!)) return false;
      }
    }
  }
  return true;
}

/** Number of columns to recompute in each adapted matrix. */
const COLUMNS = 8;

/**
 * Computes columns of a matrix in the same way as training and chat: applies the linear map, with its adapter if one is
 * given, to unit vectors. f32 [columns, out]
 */
async function columnsOf(
  base: Model,
  adapter: Adapter | undefined,
  { path, in: input, out }: AdapterModule,
  columns: readonly number[],
): Promise<Float32Array<ArrayBuffer>> {
  const { device, layout } = base;
  const trace = new Trace();
  const x = trace.bound('columns', 'f32', ['rows', input]);
  const weight = new BoundWeights(trace, layout).weight(`${path}.weight`);
  const around = adapter && new BoundAdapter(trace, adapter.layout, false).around(path);
  const y = adaptedLinear(trace, { x, weight, ...(around && { adapter: around }) });
  const planned = plan(trace, trace.nodes, { capacity: COLUMNS, limits: device.float32Limits, keep: [y] });
  const buffers = new Map([...base.buffers, ...(adapter?.buffers ?? [])]);
  const program = await compile(device, planned, { buffers, inputs: ['columns'], purpose: 'loading' });
  try {
    await adapter?.ready(base);
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
function sampledColumns(input: number): readonly number[] {
  const count = Math.min(COLUMNS, input);
  return Array.from({ length: count }, (_, i) => Math.round((i * (input - 1)) / Math.max(1, count - 1)));
}
