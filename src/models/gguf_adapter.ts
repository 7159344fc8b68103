import { TunesmithError } from '../core/errors';
import { message, type Message } from '../core/messages/message';
import { sameShape, shapeText } from '../core/shape';
import { floatsOf, isFloatDtype } from '../core/dtype';
import { readGgufHeader, type GgufTensor } from '../formats/gguf';
import { ADAPTER_CONFIG, readAdapterFiles, targetSettings, type ReadAdapter } from './adapter_files';
import { adapterLayout, writeParameter } from './adapters/layout';
import { FAMILIES } from './families';
import type { FileReader, ModelFolder } from './folder';
import { checkpointTensors, linearMaps, type ModelSpec } from './spec';
import { inHalves } from './stored/interleaved_rows';

/** A matrix of a LoRA file and the map that it belongs to. */
interface Found {
  readonly name: string;
  readonly tensor: GgufTensor;
}

/** Reads a PEFT folder, or a zip of one, or llama.cpp's GGUF file of an adapter. Throws as the readers of both. */
export async function readAnyAdapter(folder: ModelFolder, spec: ModelSpec): Promise<ReadAdapter> {
  const gguf = [...folder.values()].find(({ name }) => name.toLowerCase().endsWith('.gguf'));
  return gguf && !folder.has(ADAPTER_CONFIG)
    ? await readGgufAdapter(gguf, spec)
    : await readAdapterFiles(folder, spec);
}

/**
 * Reads an adapter from llama.cpp's GGUF file for a base of this spec: LoRA, whose factor is alpha / rank of each module.
 * Tensors may be F32, F16 or BF16.
 *
 * @throws TunesmithError `adapter_gguf` for a file of another kind or of another architecture, `adapter_tensor` naming the
 *   tensor; and the errors of the GGUF reader
 */
export async function readGgufAdapter(file: FileReader, spec: ModelSpec): Promise<ReadAdapter> {
  const { metadata, tensors } = await readGgufHeader(file);
  const architecture = FAMILIES.find(({ name }) => name === spec.family)?.gguf?.architecture;
  const expected = {
    'general.type': 'adapter',
    'adapter.type': 'lora',
    'general.architecture': architecture,
  };
  for (const [key, value] of Object.entries(expected)) {
    if (metadata.get(key) === value) continue;
    const values = { file: file.name, key, found: String(metadata.get(key)), expected: value ?? spec.family };
    throw new TunesmithError({ code: 'adapter_gguf', values });
  }
  const given = metadata.get('adapter.lora.alpha');
  const weights = new Map(checkpointTensors(spec).map((tensor) => [tensor.gguf ?? '', tensor]));
  const paths = new Set(linearMaps(spec).map(({ path }) => path));
  const found = new Map<string, Found>();
  for (const [name, tensor] of tensors) {
    const [, weight = '', part = ''] = /^(.*)\.lora_([ab])$/.exec(name) ?? [];
    const path = weights.get(weight)?.name.replace(/\.weight$/, '') ?? '';
    if (!paths.has(path))
      throw wrongTensor(message('adapter_tensor_stranger', { file: file.name, name, kind: 'other' }));
    found.set(`${path}.lora_${part.toUpperCase()}`, { name, tensor });
  }
  const rankOf = (path: string): number => found.get(`${path}.lora_A`)?.tensor.shape[0] ?? 0;
  const targeted = [...paths].filter((path) => found.has(`${path}.lora_A`) || found.has(`${path}.lora_B`));
  const r = rankOf(targeted[0] ?? '');
  // An alpha of 0 stands for the factor 1 of every module; with equal ranks that is alpha = rank.
  const alpha = typeof given === 'number' && given !== 0 ? given : undefined;
  const others = targeted.filter((path) => rankOf(path) !== r);
  const pattern = (value: (path: string) => number): Record<string, number> =>
    Object.fromEntries(others.map((path) => [path.replaceAll('.', '\\.'), value(path)]));
  const layout = adapterLayout(spec, {
    ...targetSettings(
      { target_modules: targeted, layers_to_transform: null, layers_pattern: null, exclude_modules: null },
      spec,
    ),
    ...{ r, lora_alpha: alpha ?? r, lora_dropout: 0, use_rslora: false, use_dora: false },
    rank_pattern: pattern(rankOf),
    alpha_pattern: alpha === undefined ? pattern(rankOf) : {},
  });
  const parameters = new Float32Array(layout.size);
  const frozen = new Float32Array(layout.frozenSize);
  for (const { path, tensors: parts } of layout.modules) {
    for (const place of parts) {
      const own = found.get(`${path}.${place.part}`);
      if (!own) {
        const values = { file: file.name, name: `${path}.${place.part}`, config: ADAPTER_CONFIG };
        throw wrongTensor(message('adapter_tensor_missing', values));
      }
      const heads =
        place.part === 'lora_B' ? weights.get(own.name.replace(/\.lora_b$/, ''))?.ggufHeads : undefined;
      const values = await valuesOf(file, own, place.shape, heads);
      writeParameter(parameters, place, values);
    }
  }
  return { settings: layout.settings, layout, parameters, frozen, baseModel: null };
}

/** The values of a matrix in Transformers' order of rows. */
async function valuesOf(
  file: FileReader,
  { name, tensor }: Found,
  shape: readonly number[],
  heads: number | undefined,
): Promise<Float32Array<ArrayBuffer>> {
  const { type: dtype } = tensor;
  if (!isFloatDtype(dtype)) {
    throw wrongTensor(message('adapter_tensor_dtype', { file: file.name, name, dtype }));
  }
  if (!sameShape(tensor.shape, shape)) {
    const [found, expected] = [shapeText(tensor.shape), shapeText(shape)];
    const values = { file: file.name, name, config: ADAPTER_CONFIG, found, expected };
    throw wrongTensor(message('adapter_tensor_shape', values));
  }
  const stored = { name, file, dtype, ...tensor };
  const { file: ordered, begin, end } = heads === undefined ? stored : inHalves(stored, heads);
  const values = floatsOf(dtype, new Uint8Array(await ordered.read(begin, end)));
  if (values.every(Number.isFinite)) return values;
  throw wrongTensor(message('adapter_tensor_values', { file: file.name, name }));
}

function wrongTensor(fault: Message): TunesmithError {
  return new TunesmithError({ code: 'adapter_tensor', values: { fault } });
}
