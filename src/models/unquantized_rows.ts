import { floatsOf, isFloatDtype } from '../core/dtype';
import { TunesmithError } from '../core/errors';
import { readRows } from './base_rows';
import type { ModelLayout } from './layout';
import type { Model } from './model';
import type { StoredWeights } from './stored/stored_weight';

/** A request for unquantised weights. */
export interface WantedWeights {
  readonly layout: ModelLayout;
  /** Of matrices. */
  readonly names: readonly string[];
  /** The name of the method that needs the weights, for messages. */
  readonly purpose: string;
  /** The setting and value that do without them, for messages. */
  readonly instead: string;
}

/**
 * Whether the unquantised weights can be read, from the device or from the model's own files; false if these no longer
 * exist.
 *
 * @param stored how the model's own files store the weights, if they can be read or are known to be quantised
 * @throws TunesmithError `weights_quantized` naming the first of the matrices that the files hold quantised
 */
export function hasUnquantized(
  { layout, names, purpose, instead }: WantedWeights,
  stored: StoredWeights | undefined,
): boolean {
  const kindOf = (name: string) => stored?.get(name)?.kind;
  const quantized = names.find((name) => kindOf(name) === 'packed' || kindOf(name) === 'requantised');
  if (quantized !== undefined) throw onlyQuantized(quantized, purpose, instead);
  return names.every((name) => kindOf(name) !== undefined || layout.tensors.get(name)?.kind !== 'packed');
}

/** Throws `weights_quantized` if the unquantised weights can't be read, as `hasUnquantized` tells. */
export function requireUnquantized(wanted: WantedWeights, stored: StoredWeights | undefined): void {
  if (!hasUnquantized(wanted, stored)) throw filesGone(wanted);
}

/** The weights that a model's files hold only quantised. This stays known even if the files can no longer be read. */
export function withoutFiles(stored: StoredWeights): StoredWeights {
  return new Map([...stored].filter(([, { kind }]) => kind !== 'dense'));
}

/**
 * Rows of a matrix before it was quantised, f32 [count, in]: from the device if it is dense there, else
 * from the model's own files. Only for weights for which `hasUnquantized` is true.
 *
 * @param rows one of `rowRuns`
 */
export async function readUnquantized(
  model: Model,
  stored: StoredWeights | undefined,
  name: string,
  rows: { readonly first: number; readonly count: number },
): Promise<Float32Array<ArrayBuffer>> {
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

function onlyQuantized(name: string, method: string, instead: string): TunesmithError {
  const path = name.replace(/\.weight$/, '');
  return new TunesmithError({ code: 'weights_quantized', values: { method, instead, path } });
}

function filesGone({ purpose: method, instead }: WantedWeights): TunesmithError {
  return new TunesmithError({ code: 'weights_quantized', values: { method, instead } });
}
