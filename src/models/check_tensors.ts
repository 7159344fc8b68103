import { isFloatDtype } from '../core/dtype';
import { TunesmithError } from '../core/errors';
import { sameShape, shapeText } from '../core/shape';
import { message } from '../core/messages/message';
import { damaged } from './stored/parts';
import { checkpointTensors, headName, type ModelSpec } from './spec';
import type { StoredTensor, StoredWeights } from './stored/stored_weight';

/** Whether a name is that of a buffer that old checkpoints carry and that this program computes. */
export function isComputedBuffer(name: string): boolean {
  return /rotary_emb\.inv_freq$/.test(name);
}

/** Prefixes of names in state dicts of modules that wrap the model. */
const WRAPPERS = [
  ['base_model.model.', 'peft'],
  ['module.', 'parallel'],
  ['_orig_mod.', 'compiled'],
] as const;

/** Throws `tensor_wrapped` if the tensors belong to a module that wraps the model. */
export function refuseWrapped(tensors: ReadonlyMap<string, StoredTensor>): void {
  for (const [name, { file }] of tensors) {
    const wrapper = WRAPPERS.find(([prefix]) => name.startsWith(prefix));
    if (!wrapper) continue;
    const [prefix, by] = wrapper;
    throw new TunesmithError({ code: 'tensor_wrapped', values: { file: file.name, name, prefix, by } });
  }
}

/**
 * Compares a checkpoint's tensors with those that its config.json implies. Throws `tensor_missing`, `head_missing`,
 * `tensor_shape` or `tensor_dtype`, naming the tensor.
 */
export function checkWeights(spec: ModelSpec, stored: StoredWeights): void {
  for (const { name, shape, kind } of checkpointTensors(spec)) {
    const weight = stored.get(name);
    if (!weight) throw missing(name);
    if (weight.kind === 'dense') {
      const { dtype, shape: found, file } = weight.tensor;
      if (!isFloatDtype(dtype)) {
        throw damaged('tensor_dtype', message('tensor_no_float', { name, dtype }));
      }
      if (!sameShape(found, shape)) {
        const values = { name, found: shapeText(found), file: file.name, expected: shapeText(shape) };
        throw damaged('tensor_shape', message('tensor_shape_by_config', values));
      }
    } else if (kind === 'vector' || (kind !== 'linear' && weight.kind === 'packed')) {
      const form = weight.kind === 'packed' ? weight.packing.format : weight.from;
      throw damaged('tensor_dtype', message('tensor_no_float', { name, dtype: form }));
    }
  }
}

/**
 * Throws `tensor_unexpected` if the files have a tensor that is neither a weight of the model nor a part of a packed
 * one: ignoring a tensor that has a meaning would train another model.
 */
export function checkUnexpected(
  spec: ModelSpec,
  stored: StoredWeights,
  tensors: ReadonlyMap<string, StoredTensor>,
): void {
  const expected = new Set(checkpointTensors(spec).map(({ name }) => name));
  const packed = new Set<string>();
  for (const [name, { kind }] of stored) if (kind !== 'dense') packed.add(modulePath(name));
  for (const [name, { file }] of tensors) {
    const known =
      expected.has(name) ||
      isComputedBuffer(name) ||
      (spec.tiedHead && name === headName()) ||
      pathsOf(name).some((path) => packed.has(path));
    if (!known) throw damaged('tensor_unexpected', message('tensor_useless', { file: file.name, name }));
  }
}

function missing(name: string): TunesmithError {
  const fault = message('tensor_lacking', { name });
  return name === 'lm_head.weight'
    ? new TunesmithError({ code: 'head_missing', values: { fault } })
    : damaged('tensor_missing', fault);
}

function modulePath(name: string): string {
  return name.replace(/\.weight$/, '');
}

/** The paths that contain a name: `a` and `a.b` for `a.b.c`. */
function pathsOf(name: string): string[] {
  const parts = name.split('.');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('.'));
}
