import { unzipSync } from 'fflate';
import { bytesOf } from '../core/bytes';
import { floatsOf, isFloatDtype } from '../core/dtype';
import { TunesmithError } from '../core/errors';
import { memoryFile, type FileReader } from '../core/file_reader';
import { sameShape, shapeText } from '../core/shape';
import {
  adapterConfig,
  adapterTensorName,
  parseAdapterConfig,
  parseAdapterTensorName,
  targetedModules,
} from '../formats/peft';
import { readTensors, writeSafetensors, type TensorBytes } from '../formats/safetensors';
import { readJson, type ModelFolder } from './folder';
import {
  adapterLayout,
  isTargeted,
  lastName,
  readParameter,
  writeParameter,
  type AdapterLayout,
  type AdapterTensor,
} from './adapters/layout';
import type { AdapterSettings } from './adapters/settings';
import { linearMaps, type ModelSpec } from './spec';

export const ADAPTER_CONFIG = 'adapter_config.json';
export const ADAPTER_WEIGHTS = 'adapter_model.safetensors';

export interface AdapterSource {
  readonly layout: AdapterLayout;
  /** The flat buffer of the layout. */
  readonly parameters: Float32Array;
  /** The base's name or path, as PEFT is to find it. */
  readonly baseModel: string;
  readonly revision?: string | null;
}

/** An adapter's two files, by name, as PEFT saves them: matrices in F32 under PEFT's names. */
export function adapterFiles({
  layout,
  parameters,
  baseModel,
  revision = null,
}: AdapterSource): ReadonlyMap<string, Uint8Array<ArrayBuffer>> {
  const { r, lora_alpha, lora_dropout, use_rslora, use_dora = false } = layout.settings;
  const config = adapterConfig({
    base_model_name_or_path: baseModel,
    revision,
    r,
    lora_alpha,
    lora_dropout,
    target_modules: targetNames(layout),
    use_rslora,
    use_dora,
  });
  const tensors = namedTensors(layout).map(({ name, tensor }) => ({
    name,
    dtype: 'F32' as const,
    shape: tensor.shape,
    data: bytesOf(readParameter(parameters, tensor)),
  }));
  return new Map([
    [ADAPTER_CONFIG, new TextEncoder().encode(`${JSON.stringify(config, null, 2)}\n`)],
    [ADAPTER_WEIGHTS, writeSafetensors(tensors, { format: 'pt' })],
  ]);
}

/** The names of the modules that an adapter targets: q_proj, v_proj. */
export function moduleNames(layout: AdapterLayout): readonly string[] {
  return [...new Set(layout.modules.map(({ module }) => module))];
}

/** What `target_modules` of an adapter_config.json says: names of modules, or paths, in the order of the model. */
function targetNames(layout: AdapterLayout): readonly string[] {
  const { target_modules: targets } = layout.settings;
  if (targets === 'all-linear') return moduleNames(layout);
  const placeOf = (name: string): number => layout.modules.findIndex(({ path }) => isTargeted(path, name));
  return targets.toSorted((a, b) => placeOf(a) - placeOf(b));
}

/** The parts of an adapter under the names that PEFT gives them. */
export function namedTensors(layout: AdapterLayout): readonly { name: string; tensor: AdapterTensor }[] {
  return layout.modules.flatMap(({ path, tensors }) =>
    tensors.map((tensor) => ({ name: adapterTensorName({ module: path, part: tensor.file }), tensor })),
  );
}

export interface ReadAdapter {
  readonly settings: AdapterSettings;
  readonly layout: AdapterLayout;
  readonly parameters: Float32Array<ArrayBuffer>;
  /** The base that the adapter says it belongs to. */
  readonly baseModel: string | null;
}

/**
 * Reads a PEFT folder, or a zip of one, for a base of this spec. Tensors may be F32, F16 or BF16.
 *
 * @throws TunesmithError `adapter_file_missing`, `adapter_zip`, `adapter_config`, `target_modules`, `adapter_tensor`, naming the file, the field or the tensor; what the safetensors reader refuses
 */
export async function readAdapterFiles(folder: ModelFolder, spec: ModelSpec): Promise<ReadAdapter> {
  const files = await unzipped(folder);
  const configFile = required(files, ADAPTER_CONFIG);
  const weightsFile = required(files, ADAPTER_WEIGHTS);
  const config = parseAdapterConfig(await readJson(configFile), configFile.name);
  const settings: AdapterSettings = {
    r: config.r,
    lora_alpha: config.lora_alpha,
    lora_dropout: config.lora_dropout,
    use_rslora: config.use_rslora,
    ...(config.use_dora && { use_dora: true }),
    target_modules: targetsOf(config.target_modules, spec),
  };
  const layout = adapterLayout(spec, settings);
  const bytes = await weightsFile.read(0, weightsFile.size);
  const { tensors } = readTensors(bytes, weightsFile.name);
  const parameters = flatParameters(layout, tensors, weightsFile.name);
  return { settings, layout, parameters, baseModel: config.base_model_name_or_path };
}

/** The same targets by the shortest names: of modules if all layers have them, else whole paths. */
function targetsOf(target: readonly string[] | string, spec: ModelSpec): readonly string[] {
  const paths = linearMaps(spec).map(({ path }) => path);
  const targeted = targetedModules(target, paths);
  const names = [...new Set(paths.map(lastName))];
  const inAllLayers = (name: string): boolean =>
    paths.every((path) => lastName(path) !== name || targeted.includes(path));
  const short = names.filter(inAllLayers);
  return [...short, ...targeted.filter((path) => !short.includes(lastName(path)))];
}

function flatParameters(
  layout: AdapterLayout,
  tensors: ReadonlyMap<string, TensorBytes>,
  file: string,
): Float32Array<ArrayBuffer> {
  const flat = new Float32Array(layout.size);
  const expected = new Set<string>();
  for (const { name, tensor: place } of namedTensors(layout)) {
    expected.add(name);
    const tensor = tensors.get(name);
    if (!tensor) throw wrongTensor(`${file} has no ${name}, which ${ADAPTER_CONFIG} asks for`);
    if (!isFloatDtype(tensor.dtype)) {
      throw wrongTensor(`${file} stores ${name} as ${tensor.dtype}; F32, F16 and BF16 can be read`);
    }
    if (!sameShape(tensor.shape, place.shape)) {
      const shapes = `${shapeText(tensor.shape)}; this model and ${ADAPTER_CONFIG} make it ${shapeText(place.shape)}`;
      throw wrongTensor(`${file} has ${name} of shape ${shapes}`);
    }
    const values = floatsOf(tensor.dtype, tensor.data);
    if (!values.every(Number.isFinite)) throw wrongTensor(`${file} has NaN or infinite values in ${name}`);
    writeParameter(flat, place, values);
  }
  for (const name of tensors.keys()) {
    if (expected.has(name)) continue;
    const known = parseAdapterTensorName(name);
    throw wrongTensor(
      known
        ? `${file} has ${name}, but ${ADAPTER_CONFIG} does not target ${known.module} or this model has none`
        : `${file} has ${name}, which is no matrix of a LoRA adapter`,
    );
  }
  return flat;
}

function wrongTensor(message: string): TunesmithError {
  return new TunesmithError({
    code: 'adapter_tensor',
    message: `${message}.`,
    hint: 'Check that the adapter was made for this base model and that its files belong together.',
  });
}

function required(folder: ModelFolder, name: string): FileReader {
  const file = folder.get(name);
  if (file) return file;
  throw new TunesmithError({
    code: 'adapter_file_missing',
    message: `The adapter has no ${name}.`,
    hint: `A PEFT adapter is a folder, or a zip, with ${ADAPTER_CONFIG} and ${ADAPTER_WEIGHTS}.`,
    detail: `found: ${[...folder.keys()].join(', ')}`,
  });
}

/** The files in the folder's zip where the folder is nothing but that; they may lie in a folder within it. */
async function unzipped(folder: ModelFolder): Promise<ModelFolder> {
  const zip = [...folder.values()].find(({ name }) => name.toLowerCase().endsWith('.zip'));
  if (!zip || folder.has(ADAPTER_CONFIG)) return folder;
  return filesOfZip(await zip.read(0, zip.size), zip.name);
}

/** An adapter's files in a zip. Throws `adapter_zip`. */
export function filesOfZip(bytes: Uint8Array, file: string): ModelFolder {
  let entries: [string, Uint8Array][];
  try {
    const wanted = new Set([ADAPTER_CONFIG, ADAPTER_WEIGHTS]);
    entries = Object.entries(unzipSync(bytes, { filter: ({ name }) => wanted.has(baseName(name)) }));
  } catch (cause) {
    throw zipError(file, 'is no zip file, or a damaged one', cause);
  }
  const readers = new Map<string, FileReader>();
  for (const [path, content] of entries) {
    const name = baseName(path);
    if (readers.has(name)) throw zipError(file, `has more than one ${name}`);
    readers.set(name, memoryFile(name, content));
  }
  return readers;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function zipError(file: string, what: string, cause?: unknown): TunesmithError {
  return new TunesmithError({
    code: 'adapter_zip',
    message: `${file} ${what}.`,
    hint: `Give a zip of one PEFT adapter: ${ADAPTER_CONFIG} and ${ADAPTER_WEIGHTS}.`,
    cause,
  });
}
