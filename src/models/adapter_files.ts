import { bytesOf } from '../core/bytes';
import { floatsOf, isFloatDtype } from '../core/dtype';
import { TunesmithError } from '../core/errors';
import type { FileReader } from '../core/file_reader';
import { isRecord } from '../core/json';
import { sameShape, shapeText } from '../core/shape';
import { message, type Message } from '../core/messages/message';
import {
  adapterTensorName,
  layerOf,
  plainTensorName,
  sharedTensorName,
  targetedModules,
} from '../formats/peft';
import { adapterConfig, parseAdapterConfig, type Targets } from '../formats/peft_config';
import { readTensors, writeSafetensors, type TensorBytes } from '../formats/safetensors';
import { ADAPTER_CONFIG, ADAPTER_FILES, ADAPTER_WEIGHTS } from './adapter_names';
import { tooLarge, unzippedFiles } from './adapter_zip';
import { readJson, type ModelFolder } from './folder';
import {
  adapterLayout,
  isTargeted,
  lastName,
  readParameter,
  writeParameter,
  type AdapterLayout,
  type AdapterState,
  type AdapterTensor,
} from './adapters/layout';
import { peftForms } from './adapters/kinds';
import type { AdapterSettings } from './adapters/settings';
import { linearMaps, withoutTowers, type ModelSpec } from './spec';

export { ADAPTER_CONFIG, ADAPTER_WEIGHTS };

export interface AdapterSource extends AdapterState {
  readonly layout: AdapterLayout;
  /** The base's name or path by which PEFT finds it. */
  readonly baseModel: string;
  readonly revision?: string | null;
}

/** An adapter's two files, by name, as PEFT saves them: matrices in F32 under PEFT's names. */
export function adapterFiles({
  layout,
  baseModel,
  revision = null,
  ...state
}: AdapterSource): ReadonlyMap<string, Uint8Array<ArrayBuffer>> {
  const { settings } = layout;
  const { peft } = layout.kind;
  const common = {
    base_model_name_or_path: baseModel,
    revision,
    target_modules: targetNames(layout),
    // PEFT accepts no layers beside an expression; the expression selects them instead.
    layers_to_transform: layout.within === undefined ? settings.layers_to_transform : null,
  };
  const config = adapterConfig(common, peft, peft.write(settings, alsoNamed(layout)));
  const tensors = namedTensors(layout).map(({ name, tensor, buffer }) => ({
    name,
    dtype: 'F32' as const,
    shape: tensor.shape,
    data: bytesOf(readParameter(state[buffer], tensor)),
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

/**
 * The value of `target_modules` in adapter_config.json: names or paths of modules, in the order of the model. It is an
 * expression if the model has maps of the same names elsewhere that have no adapter.
 */
export function targetNames(layout: AdapterLayout): readonly string[] | string {
  const { within } = layout;
  const names = targetEntries(layout);
  if (within === undefined) return names;
  const escaped = (text: string): string => text.replaceAll('.', '\\.');
  const ends = names.map((name) =>
    escaped(name.startsWith(`${within}.`) ? name.slice(within.length + 1) : name),
  );
  return `(?:.*\\.)?${escaped(lastName(within))}\\.(?:.*\\.)?(?:${ends.join('|')})`;
}

/**
 * The names of the targets in the order of the model, or their paths where the kind tells modules of one name apart, or
 * where an expression selects the layers.
 */
function targetEntries({ kind, within, settings, modules }: AdapterLayout): readonly string[] {
  const { target_modules: targets, layers_to_transform: layers } = settings;
  const paths = modules.map(({ path }) => path);
  if (within !== undefined && layers !== null) return paths;
  const placeOf = (name: string): number => paths.findIndex((path) => isTargeted(path, name));
  const names =
    targets === 'all-linear'
      ? new Set(paths.map(lastName))
      : targets.toSorted((a, b) => placeOf(a) - placeOf(b));
  const entries = Array.from(names, (name) => {
    const own = paths.filter((path) => isTargeted(path, name));
    const isAlsoNamed = new Set(own.map((path) => kind.peft.alsoNames?.(path, settings)));
    return isAlsoNamed.size > 1 ? own : [name];
  });
  return [...new Set(entries.flat())];
}

/** The entries of `target_modules` that the second list of the kind's file has, too. */
export function alsoNamed(layout: AdapterLayout): readonly string[] {
  const { kind, settings, modules } = layout;
  return targetEntries(layout).filter((name) =>
    modules.some(({ path }) => isTargeted(path, name) && kind.peft.alsoNames?.(path, settings)),
  );
}

/** A tensor of PEFT's file, and the flat buffer in which it lies here. */
export interface NamedPart {
  readonly name: string;
  readonly tensor: AdapterTensor;
  readonly buffer: keyof AdapterState;
}

/** The parts of an adapter that PEFT's file has, with PEFT's names. */
export function namedTensors({ modules }: AdapterLayout): readonly NamedPart[] {
  const all = modules.flatMap(({ path, tensors, frozen }) => [
    ...tensors.flatMap((tensor) => named(path, tensor, 'parameters')),
    ...frozen.flatMap((tensor) => named(path, tensor, 'frozen')),
  ]);
  return [...new Map(all.map((part) => [part.name, part])).values()];
}

function named(path: string, tensor: AdapterTensor, buffer: NamedPart['buffer']): NamedPart[] {
  const { file, shared } = tensor;
  if (file === undefined) return [];
  const name =
    shared === undefined ? adapterTensorName({ module: path, part: file }) : sharedTensorName(file);
  return [{ name, tensor, buffer }];
}

export interface ReadAdapter extends AdapterState {
  readonly settings: AdapterSettings;
  readonly layout: AdapterLayout;
  /** The base that adapter_config.json names. */
  readonly baseModel: string | null;
}

/**
 * Reads a PEFT folder, or a zip of one, for a base of this spec. Tensors may be F64, F32, F16 or BF16.
 *
 * @throws TunesmithError `adapter_file_missing`, `adapter_zip`, `adapter_config`, `target_modules` or `adapter_tensor`,
 *   naming the file, the field or the tensor; and the errors of the safetensors reader
 */
export async function readAdapterFiles(folder: ModelFolder, spec: ModelSpec): Promise<ReadAdapter> {
  const zip = folder.has(ADAPTER_CONFIG)
    ? undefined
    : [...folder.values()].find(({ name }) => name.toLowerCase().endsWith('.zip'));
  const files = zip ? await unzippedFiles(zip, [ADAPTER_CONFIG], CONFIG_BYTES) : folder;
  const configFile = required(files, ADAPTER_CONFIG, folder);
  if (configFile.size > CONFIG_BYTES) throw tooLarge(configFile.name, CONFIG_BYTES);
  const json = await readJson(configFile);
  checkIsPeft(json);
  const { config, form, fields } = parseAdapterConfig(json, peftForms(), configFile.name);
  const layout = adapterLayout(spec, { ...targetSettings(config, spec), ...form.read(fields) });
  const most = mostBytes(layout);
  const weightFiles = zip ? await unzippedFiles(zip, [ADAPTER_WEIGHTS], most) : folder;
  const weightsFile = required(weightFiles, ADAPTER_WEIGHTS, folder);
  if (weightsFile.size > most) throw tooLarge(weightsFile.name, most);
  const bytes = await weightsFile.read(0, weightsFile.size);
  const { tensors } = readTensors(bytes, weightsFile.name);
  const state = stateOf(layout, ofText(spec, layout, tensors), weightsFile.name);
  return { settings: layout.settings, layout, ...state, baseModel: config.base_model_name_or_path };
}

/** Most bytes of an adapter_config.json. */
const CONFIG_BYTES = 1 << 20;
/** Most bytes that names, shapes, metadata and tensors that are refused by name may add to a file of weights. */
const HEADER_BYTES = 64 << 20;

/** Most bytes of a weights file for this layout: all parameters in F64. */
function mostBytes({ parameters, frozenSize }: AdapterLayout): number {
  return (parameters + frozenSize) * 8 + HEADER_BYTES;
}

/** Refuses the config of mlx-lm, which has the same file name. */
function checkIsPeft(json: unknown): void {
  if (!isRecord(json) || !('lora_parameters' in json || 'fine_tune_type' in json)) return;
  throw new TunesmithError({ code: 'adapter_not_peft', values: { file: ADAPTER_CONFIG } });
}

/**
 * The targets by the shortest names: modules' names if all layers, or all layers of the adapter, have them; else whole
 * paths. Throws `target_modules` for the embedding and the head, which can have no adapter in this program.
 */
export function targetSettings(
  config: Targets,
  spec: ModelSpec,
): Pick<AdapterSettings, 'target_modules' | 'layers_to_transform'> {
  const paths = linearMaps(spec).map(({ path }) => path);
  const outside = ['lm_head', 'model.embed_tokens'];
  const [other] = targetedModules(config, [...paths, ...outside]).filter((path) => outside.includes(path));
  if (other !== undefined && config.target_modules !== 'all-linear') {
    throw new TunesmithError({
      code: 'target_modules_outside',
      values: { file: ADAPTER_CONFIG, module: lastName(other) },
    });
  }
  const targeted = new Set(targetedModules(config, paths));
  const names = [...new Set([...targeted].map(lastName))];
  const layers = [...new Set([...targeted].map((path) => layerOf(path)))].toSorted((a, b) => a - b);
  const isWhole = (within: readonly string[]): boolean =>
    within.every((path) => !names.includes(lastName(path)) || targeted.has(path));
  if (isWhole(paths)) return { target_modules: names };
  if (isWhole(paths.filter((path) => layers.includes(layerOf(path))))) {
    return { target_modules: names, layers_to_transform: layers };
  }
  const short = names.filter((name) => paths.every((path) => lastName(path) !== name || targeted.has(path)));
  return { target_modules: [...short, ...[...targeted].filter((path) => !short.includes(lastName(path)))] };
}

const BASE_MODEL = 'base_model.model.';

/**
 * Renames the tensors to this model's modules. Drops tensors of towers that have no effect: PEFT creates them if a
 * target is only a name, and training on text leaves them at their start.
 */
function ofText(
  spec: ModelSpec,
  layout: AdapterLayout,
  tensors: ReadonlyMap<string, TensorBytes>,
): ReadonlyMap<string, TensorBytes> {
  if (!spec.towers) return tensors;
  const inner = new Map(
    Array.from(tensors, ([name, tensor]) => [
      name.startsWith(BASE_MODEL) ? name.slice(BASE_MODEL.length) : name,
      { name, tensor },
    ]),
  );
  const own = withoutTowers(spec, inner);
  const kept = new Set([...own.values()].map(({ name }) => name));
  const parts = layout.modules.flatMap((module) => module.tensors);
  for (const [name, tensor] of tensors) {
    if (kept.has(name)) continue;
    const plain = plainTensorName(name);
    const start = startValue(parts.find(({ file }) => file !== undefined && plain.endsWith(`.${file}`)));
    if (start === undefined || valuesOf(tensor)?.every((value) => value === start)) continue;
    throw wrongTensor(message('images_changed', { name }));
  }
  return new Map(Array.from(own, ([name, { tensor }]) => [BASE_MODEL + name, tensor]));
}

/** The value that a part of no effect has throughout; undefined if it starts at random or derived values. */
function startValue(part: AdapterTensor | undefined): number | undefined {
  if (typeof part?.start === 'object') return part.start.value;
  return part?.start === 'zero' ? 0 : undefined;
}

function stateOf(
  layout: AdapterLayout,
  tensors: ReadonlyMap<string, TensorBytes>,
  file: string,
): AdapterState {
  const state = { parameters: new Float32Array(layout.size), frozen: new Float32Array(layout.frozenSize) };
  const places = namedTensors(layout);
  const endings = [...new Set(places.map(({ tensor }) => tensor.file ?? ''))];
  const given = new Map<string, TensorBytes>();
  for (const [name, tensor] of tensors) {
    const plain = plainTensorName(name);
    if (!endings.some((ending) => plain.startsWith('base_model.') && plain.endsWith(`.${ending}`))) {
      throw wrongTensor(message('adapter_tensor_stranger', { file, name, kind: strangerOf(name) }));
    }
    if (given.has(plain)) throw wrongTensor(message('adapter_tensor_twice', { file, name: plain }));
    given.set(plain, tensor);
  }
  for (const { name, tensor: place, buffer } of places) {
    const tensor = given.get(name);
    if (!tensor) throw wrongTensor(message('adapter_tensor_missing', { file, name, config: ADAPTER_CONFIG }));
    given.delete(name);
    const values = valuesOf(tensor);
    if (!values) {
      throw wrongTensor(message('adapter_tensor_dtype', { file, name, dtype: tensor.dtype }));
    }
    if (!sameShape(tensor.shape, place.shape)) {
      const [found, expected] = [shapeText(tensor.shape), shapeText(place.shape)];
      const values = { file, name, config: ADAPTER_CONFIG, found, expected };
      throw wrongTensor(message('adapter_tensor_shape', values));
    }
    if (!values.every(Number.isFinite)) throw wrongTensor(message('adapter_tensor_values', { file, name }));
    writeParameter(state[buffer], place, values);
  }
  const [left] = given.keys();
  if (left !== undefined) {
    throw wrongTensor(message('adapter_tensor_extra', { file, name: left, config: ADAPTER_CONFIG }));
  }
  return state;
}

/** Converts a tensor of floats to F32; undefined for other dtypes. */
function valuesOf({ dtype, data }: TensorBytes): Float32Array<ArrayBuffer> | undefined {
  if (isFloatDtype(dtype)) return floatsOf(dtype, data);
  return dtype === 'F64' ? Float32Array.from(new Float64Array(data.slice().buffer)) : undefined;
}

/** The kind of a tensor that is no part of an adapter around a linear map. */
function strangerOf(name: string): 'embedding' | 'module' | 'other' {
  if (/lora_embedding_|embed_tokens|lm_head/.test(name)) {
    return 'embedding';
  }
  if (/\.modules_to_save\.|base_layer/.test(name)) {
    return 'module';
  }
  return 'other';
}

function wrongTensor(fault: Message): TunesmithError {
  return new TunesmithError({ code: 'adapter_tensor', values: { fault } });
}

function required(files: ModelFolder, name: string, folder: ModelFolder): FileReader {
  const file = files.get(name);
  if (file) return file;
  const names = [...folder.keys()];
  const instead = INSTEAD.find(([ending]) => names.some((each) => each.toLowerCase().endsWith(ending)));
  throw new TunesmithError({
    code: 'adapter_file_missing',
    values: { name, instead: instead?.[1], ...ADAPTER_FILES },
    detail: `found: ${names.join(', ')}`,
  });
}

/** Files of other or older programs' adapters, with their kinds. */
const INSTEAD: readonly (readonly [ending: string, what: Message])[] = [
  ['adapter_model.bin', message('instead_pickle')],
  ['adapters.safetensors', message('instead_mlx')],
  ['adapters.npz', message('instead_early_mlx')],
];
