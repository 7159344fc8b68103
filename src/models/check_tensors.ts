import { isFloatDtype, type FloatDtype } from '../core/dtype';
import { TunesmithError } from '../core/errors';
import { sameShape, shapeText } from '../core/shape';
import type { SafetensorsHeader } from '../formats/safetensors';
import type { DenseFormat } from '../ops/weight';
import { checkpointTensors, type ModelSpec } from './spec';

const FORMATS: Readonly<Record<FloatDtype, DenseFormat>> = { F32: 'f32', F16: 'f16', BF16: 'bf16' };

/** Buffers that old checkpoints carry and that are computed here. */
const IGNORED = /rotary_emb\.inv_freq$/;

/**
 * Compares a checkpoint's header with what its config.json promises, and returns how its tensors are stored. Throws
 * `tensor_missing`, `tensor_shape`, `tensor_dtype` or `tensor_unexpected`, naming the tensor.
 */
export function checkTensors(spec: ModelSpec, header: SafetensorsHeader): (name: string) => DenseFormat {
  const expected = new Map(checkpointTensors(spec).map((tensor) => [tensor.name, tensor]));
  for (const { name, shape } of expected.values()) {
    const found = header.tensors.get(name);
    if (!found)
      throw wrong('tensor_missing', `model.safetensors has no ${name}, which config.json asks for.`);
    if (!sameShape(found.shape, shape)) {
      const shapes = `${shapeText(found.shape)} in model.safetensors and ${shapeText(shape)} by config.json`;
      throw wrong('tensor_shape', `${name} is ${shapes}.`);
    }
    if (!isFloatDtype(found.dtype)) {
      throw wrong('tensor_dtype', `${name} is stored as ${found.dtype}; F32, F16 and BF16 can be read.`);
    }
  }
  for (const name of header.tensors.keys()) {
    const known = expected.has(name) || IGNORED.test(name) || (spec.tiedHead && name === 'lm_head.weight');
    if (!known) {
      throw wrong('tensor_unexpected', `model.safetensors has ${name}, for which config.json has no use.`);
    }
  }
  return (name) => {
    const dtype = header.tensors.get(name)?.dtype;
    return dtype && isFloatDtype(dtype) ? FORMATS[dtype] : 'f32';
  };
}

function wrong(code: string, message: string): TunesmithError {
  return new TunesmithError({
    code,
    message,
    hint: 'Check that config.json and model.safetensors belong to the same model and came through whole.',
  });
}
