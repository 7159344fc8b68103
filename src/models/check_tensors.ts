import { isFloatDtype } from '../core/dtype';
import { TunesmithError, type ErrorCode } from '../core/errors';
import { sameShape, shapeText } from '../core/shape';
import { checkpointTensors, headName, type ModelSpec } from './spec';
import type { StoredTensor, StoredWeights } from './stored/stored_weight';

/** Whether a name is that of a buffer which old checkpoints carry and which is computed here. */
export function isComputedBuffer(name: string): boolean {
  return /rotary_emb\.inv_freq$/.test(name);
}

/** How names begin in state dicts of modules that hold the model, and how to save the model itself. */
const WRAPPERS: readonly (readonly [prefix: string, of: string, hint: string])[] = [
  [
    'base_model.model.',
    'a PEFT model, whose adapter is not merged',
    'Save the result of merge_and_unload(), or save base and adapter apart with save_pretrained().',
  ],
  ['module.', 'a model in DistributedDataParallel', 'Save model.module with save_pretrained().'],
  ['_orig_mod.', 'a model of torch.compile', 'Save model._orig_mod with save_pretrained().'],
];

/** Throws `tensor_unexpected` if the tensors are those of a module around the model. */
export function refuseWrapped(tensors: ReadonlyMap<string, StoredTensor>): void {
  for (const [name, { file }] of tensors) {
    const wrapper = WRAPPERS.find(([prefix]) => name.startsWith(prefix));
    if (!wrapper) continue;
    const [prefix, of, hint] = wrapper;
    const message = `${file.name} holds ${of}: its names begin with ${prefix}`;
    throw new TunesmithError({ code: 'tensor_unexpected', message: `${message}, such as ${name}.`, hint });
  }
}

/**
 * Compares what a checkpoint stores with what its config.json promises. Throws `tensor_missing`, `tensor_shape` or
 * `tensor_dtype`, naming the tensor.
 */
export function checkWeights(spec: ModelSpec, stored: StoredWeights): void {
  for (const { name, shape, kind } of checkpointTensors(spec)) {
    const weight = stored.get(name);
    if (!weight) throw missing(name);
    if (weight.kind === 'dense') {
      const { dtype, shape: found, file } = weight.tensor;
      if (!isFloatDtype(dtype)) {
        throw wrong('tensor_dtype', `${name} is stored as ${dtype}; F32, F16 and BF16 can be read.`);
      }
      if (!sameShape(found, shape)) {
        const shapes = `${shapeText(found)} in ${file.name} and ${shapeText(shape)} by config.json`;
        throw wrong('tensor_shape', `${name} is ${shapes}.`);
      }
    } else if (kind === 'vector' || (kind !== 'linear' && weight.kind === 'packed')) {
      const form = weight.kind === 'packed' ? weight.packing.format : weight.from;
      throw wrong('tensor_dtype', `${name} is stored as ${form}; F32, F16 and BF16 can be read.`);
    }
  }
}

/**
 * Throws `tensor_unexpected` where files have a tensor that is no weight of the model and no part of one that is packed:
 * leaving one out that means something would train another model.
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
    if (!known)
      throw wrong('tensor_unexpected', `${file.name} has ${name}, for which config.json has no use.`);
  }
}

function missing(name: string): TunesmithError {
  const message = `The weights lack ${name}, which config.json asks for.`;
  if (name !== 'lm_head.weight') return wrong('tensor_missing', message);
  return new TunesmithError({
    code: 'tensor_missing',
    message,
    hint: 'If the head of this model is its embedding, config.json must say "tie_word_embeddings": true.',
  });
}

function modulePath(name: string): string {
  return name.replace(/\.weight$/, '');
}

/** `a.b.c` is below `a` and `a.b`. */
function pathsOf(name: string): string[] {
  const parts = name.split('.');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('.'));
}

function wrong(code: ErrorCode, message: string): TunesmithError {
  return new TunesmithError({
    code,
    message,
    hint: 'Check that config.json and the weights belong to the same model and came through whole.',
  });
}
