import { floatsOf, isFloatDtype } from '../core/dtype';
import { TunesmithError } from '../core/errors';
import { readRows } from './base_rows';
import type { ModelLayout } from './layout';
import type { Model } from './model';
import type { StoredWeights } from './stored/stored_weight';

/** A request for the unquantised weights of linear maps. */
export interface WantedWeights {
  readonly layout: ModelLayout;
  readonly paths: readonly string[];
  /** The name of the method that needs the weights, for messages. */
  readonly purpose: string;
}

/**
 * Whether the unquantised weights can be read, from the device or from the model's own files; false if these no longer
 * exist.
 *
 * @param stored how the model's own files store the weights, if they can be read or are known to be quantised
 * @throws TunesmithError `weights_quantized` naming the first of the linear maps that the files hold quantised
 */
export function hasUnquantized(
  { layout, paths, purpose }: WantedWeights,
  stored: StoredWeights | undefined,
): boolean {
  const kindOf = (path: string) => stored?.get(`${path}.weight`)?.kind;
  const quantized = paths.find((path) => kindOf(path) === 'packed' || kindOf(path) === 'requantised');
  if (quantized !== undefined) throw onlyQuantized(quantized, purpose);
  return paths.every(
    (path) => kindOf(path) !== undefined || layout.tensors.get(`${path}.weight`)?.kind !== 'packed',
  );
}

/** Throws `weights_quantized` if the unquantised weights can't be read, as `hasUnquantized` tells. */
export function requireUnquantized(wanted: WantedWeights, stored: StoredWeights | undefined): void {
  if (!hasUnquantized(wanted, stored)) throw filesGone(wanted.purpose);
}

/** The weights that a model's files hold only quantised. This stays known even if the files can no longer be read. */
export function withoutFiles(stored: StoredWeights): StoredWeights {
  return new Map([...stored].filter(([, { kind }]) => kind !== 'dense'));
}

/**
 * Rows of a linear map's weight before it was quantised, f32 [count, in]: from the device if it is dense there, else
 * from the model's own files. Only for weights for which `hasUnquantized` is true.
 *
 * @param rows one of `rowRuns`
 */
export async function readUnquantized(
  model: Model,
  stored: StoredWeights | undefined,
  path: string,
  rows: { readonly first: number; readonly count: number },
): Promise<Float32Array<ArrayBuffer>> {
  const name = `${path}.weight`;
  if (model.layout.tensors.get(name)?.kind !== 'packed') return await readRows(model, name, rows);
  return await readStoredRows(stored, name, rows);
}

/** Rows of a matrix that a model's own files store as plain numbers, f32 [count, in]. */
export async function readStoredRows(
  stored: StoredWeights | undefined,
  name: string,
  rows: { readonly first: number; readonly count: number },
): Promise<Float32Array<ArrayBuffer>> {
  const weight = stored?.get(name);
  const dtype = weight?.kind === 'dense' ? weight.tensor.dtype : '';
  if (weight?.kind !== 'dense' || !isFloatDtype(dtype)) throw new Error(`${name} is not there unquantised`);
  const { file, begin, end, shape } = weight.tensor;
  const rowBytes = (end - begin) / (shape[0] ?? 1);
  const first = begin + rows.first * rowBytes;
  return floatsOf(dtype, await file.read(first, first + rows.count * rowBytes));
}

function onlyQuantized(path: string, method: string): TunesmithError {
  return new TunesmithError({ code: 'weights_quantized', values: { method, path } });
}

function filesGone(method: string): TunesmithError {
  return new TunesmithError({ code: 'weights_quantized', values: { method } });
}
