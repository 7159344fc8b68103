import { partValues, readParameter } from '../../models/adapters/layout';
import { readRows, readVector, rowRuns } from '../../models/base_rows';
import type { StoredWeights } from '../../models/stored/stored_weight';
import { readStoredRows } from '../../models/unquantized_rows';
import type { TensorSpec } from '../../models/spec';
import type { ExportSource } from '../format';

/** The weights of a base in float32, wherever they come from. */
export interface BaseWeights {
  /** Rows of a matrix, f32 [count, in]. @param run one of `rowRuns` */
  rows(
    tensor: TensorSpec,
    run: { readonly first: number; readonly count: number },
  ): Promise<Float32Array<ArrayBuffer>>;
  /** A norm's weight or a bias, with the values that a checkpoint stores. */
  vector(tensor: TensorSpec): Promise<Float32Array<ArrayBuffer>>;
}

/** The weights that the adapter was trained on: those on the device, dequantised if they are packed. */
export function trainedBase(source: ExportSource): BaseWeights {
  return {
    rows: ({ name }, run) => source.withBase((base) => readRows(base, name, run)),
    async vector({ name, add }) {
      const values = await source.withBase((base) => readVector(base, name));
      return add ? values.map((value) => value - add) : values;
    },
  };
}

/**
 * The weights that the base had before it was quantised, from its own files. Norms and biases, which are never
 * quantised, are those on the device.
 *
 * @param stored how the files store the weights; called at each read
 */
export function originalBase(source: ExportSource, stored: () => StoredWeights): BaseWeights {
  const trained = trainedBase(source);
  return {
    rows: async (tensor, run) =>
      stored().get(tensor.name)?.kind === 'dense'
        ? await readStoredRows(stored(), tensor.name, run)
        : await trained.rows(tensor, run),
    vector: (tensor) => trained.vector(tensor),
  };
}

/**
 * A tensor of base and adapter in one, as runs of whole rows in float32: [count, in] for a matrix, all values at once for
 * a vector. The adapter is added in float32. Holds one run at a time; the caller may change or transfer it.
 */
export async function* mergedRows(
  source: ExportSource,
  tensor: TensorSpec,
  base: BaseWeights = trainedBase(source),
): AsyncGenerator<Float32Array<ArrayBuffer>, void, void> {
  if (tensor.kind === 'vector') {
    yield await mergedVector(source, tensor, base);
    return;
  }
  const [out = 0, input = 0] = tensor.shape;
  const merge = mergeOf(source, tensor.name.replace(/\.weight$/, ''));
  for (const run of rowRuns(out, input)) {
    const rows = await base.rows(tensor, run);
    merge?.(rows, run.first);
    yield rows;
  }
}

/** A norm's weight or a bias of base and adapter, with the values that a checkpoint stores. */
export async function mergedVector(
  { adapter: { layout, ...state } }: ExportSource,
  tensor: TensorSpec,
  base: BaseWeights,
): Promise<Float32Array<ArrayBuffer>> {
  const { kind, modules, settings } = layout;
  const whole = layout.whole.find(({ name }) => name === tensor.name);
  const { add = 0 } = tensor;
  if (whole) return readParameter(state.parameters, whole).map((value) => value - add);
  const values = await base.vector(tensor);
  const module = modules.find(({ path }) => `${path}.bias` === tensor.name);
  if (module) kind.mergeBias?.({ ...module, parts: partValues(module, state) }, settings)?.(values);
  return values;
}

/** Adds the adapter to rows of a linear map's weight, in place. @param rows f32 [count, in] */
export function mergedAs(
  source: ExportSource,
  { name }: TensorSpec,
  rows: Float32Array<ArrayBuffer>,
  firstRow: number,
): Float32Array<ArrayBuffer> {
  mergeOf(source, name.replace(/\.weight$/, ''))?.(rows, firstRow);
  return rows;
}

/**
 * A function that adds the adapter to rows of a matrix, or puts the trained rows in their place; undefined if the matrix is
 * not trained.
 */
export function mergeOf(
  { adapter: { layout, ...state } }: ExportSource,
  path: string,
): ((rows: Float32Array, firstRow: number) => void) | undefined {
  const whole = layout.whole.find(({ name }) => name === `${path}.weight`);
  if (whole) {
    const trained = readParameter(state.parameters, whole);
    const columns = whole.shape[1] ?? 1;
    return (rows, firstRow) =>
      rows.set(trained.subarray(firstRow * columns, firstRow * columns + rows.length));
  }
  const module = layout.modules.find((each) => each.path === path);
  if (!module) return undefined;
  return layout.kind.merge({ ...module, parts: partValues(module, state) }, layout.settings);
}
