import { floatsOf, isDtype, isFloatDtype } from '../../core/dtype';
import { TunesmithError } from '../../core/errors';
import { message } from '../../core/messages/message';
import { checkpointTensors, type ModelSpec } from '../spec';
import { bitsAndBytesWeight, isBitsAndBytes } from './bitsandbytes';
import { awqWeight, gptqWeight } from './grouped';
import { damaged, readWhole, WeightParts } from './parts';
import { readQuantizationConfig, type Published } from './quantization_config';
import type { StoredTensor, StoredWeight, StoredWeights } from './stored_weight';

/**
 * How a checkpoint of safetensors stores each weight of a model, by the weights' names. Weights that it lacks are
 * missing, and the shapes of dense tensors are not checked.
 *
 * @param quantizationConfig `quantization_config` of config.json, if it has one
 * @throws TunesmithError `quantization_unsupported` or `config_invalid` for an unsupported quantisation,
 *   `tensor_missing`, `tensor_dtype`, `tensor_shape` or `tensor_unexpected` naming a part of a quantised weight
 */
export function storedWeights(
  spec: ModelSpec,
  quantizationConfig: unknown,
  tensors: ReadonlyMap<string, StoredTensor>,
): StoredWeights {
  // A config.json left over from before a merge may claim a quantisation that the weights do not have.
  const published = isDense(tensors) ? NOT_QUANTISED : readQuantizationConfig(quantizationConfig);
  const expected = checkpointTensors(spec);
  const names = new Set(expected.map(({ name }) => name));
  const stored = new Map<string, StoredWeight>();
  const matrices = expected.filter(({ kind }) => kind !== 'vector');
  const partsOf = byModule(tensors, new Set(matrices.map(({ name }) => moduleOf(name))));
  for (const { name, shape, kind } of expected) {
    const path = moduleOf(name);
    const [out = 0, input = 0] = shape;
    const parts = new WeightParts(path, partsOf.get(path) ?? new Map());
    const packed = kind === 'vector' ? undefined : packedWeight(parts, out, input, published);
    const dense = tensors.get(name);
    if (packed && kind !== 'linear') {
      throw new TunesmithError({
        code: 'quantization_unsupported',
        values: { fault: message('quantization_not_linear', { path }) },
      });
    }
    if (packed) stored.set(name, withoutBias(packed, parts, names.has(`${path}.bias`)));
    else if (dense) {
      const kept = published.method !== 'none' && kind === 'linear';
      stored.set(name, { kind: 'dense', tensor: dense, ...(kept && { kept }) });
    }
  }
  return stored;
}

function moduleOf(weight: string): string {
  return weight.replace(/\.weight$/, '');
}

const NOT_QUANTISED: Published = { method: 'none' };

/** Whether all tensors are floats and no name is that of a quantised weight's part. */
function isDense(tensors: ReadonlyMap<string, StoredTensor>): boolean {
  return [...tensors].every(
    ([name, { dtype }]) =>
      ['F64', 'F32', 'F16', 'BF16'].includes(dtype) &&
      !/\.(qweight|qzeros|scales|SCB|weight_scale(_inv)?|weight_packed|weight\.[a-z_.]+[a-z0-9_]*)$/.test(
        name,
      ),
  );
}

/** The tensors of each module by the end of their names after the module's path. */
function byModule(
  tensors: ReadonlyMap<string, StoredTensor>,
  paths: ReadonlySet<string>,
): Map<string, Map<string, StoredTensor>> {
  const modules = new Map<string, Map<string, StoredTensor>>();
  for (const [name, tensor] of tensors) {
    for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
      const path = name.slice(0, dot);
      if (!paths.has(path)) continue;
      const parts = modules.get(path) ?? new Map<string, StoredTensor>();
      modules.set(path, parts.set(name.slice(dot + 1), tensor));
      break;
    }
  }
  return modules;
}

function packedWeight(
  parts: WeightParts,
  out: number,
  input: number,
  published: Published,
): StoredWeight | undefined {
  switch (published.method) {
    case 'none':
      if (parts.has('qweight')) throw unnamed(`${parts.path}.qweight`);
      return undefined;
    case 'bitsandbytes':
      return isBitsAndBytes(parts) ? bitsAndBytesWeight(parts, out, input) : undefined;
    case 'gptq':
      if (!parts.has('qweight')) return undefined;
      parts.only(['qweight', 'qzeros', 'scales', 'g_idx', 'bias']);
      return gptqWeight(parts, out, input, published);
    case 'awq':
      if (!parts.has('qweight')) return undefined;
      parts.only(['qweight', 'qzeros', 'scales', 'bias']);
      return awqWeight(parts, out, input, published);
  }
}

function unnamed(part: string): TunesmithError {
  return new TunesmithError({ code: 'quantization_unnamed', values: { part } });
}

/**
 * Drops a bias that the model does not have: some writers give every quantised layer one, filled with zeros. Reading
 * the scales checks that it is zero.
 */
function withoutBias(weight: StoredWeight, parts: WeightParts, wanted: boolean): StoredWeight {
  if (wanted || !parts.has('bias') || weight.kind !== 'packed') return weight;
  const bias = parts.get('bias');
  const { dtype } = bias;
  if (!isDtype(dtype) || !isFloatDtype(dtype)) {
    throw damaged('tensor_dtype', message('tensor_no_float', { name: bias.name, dtype }));
  }
  const { scales } = weight.buffers;
  if (!scales || !('make' in scales)) throw new Error(`${parts.path} has no scales that are made`);
  const make = async (): Promise<Uint8Array<ArrayBuffer>> => {
    if (floatsOf(dtype, await readWhole(bias)).some((value) => value !== 0)) {
      throw damaged('tensor_unexpected', message('tensor_useless_bias', { name: bias.name }));
    }
    return await scales.make();
  };
  return { ...weight, buffers: { ...weight.buffers, scales: { bytes: scales.bytes, make } } };
}
