import { alignUp } from '../../core/align';
import { TunesmithError } from '../../core/errors';
import { kaimingUniform, streamOf } from '../../core/random';
import { elementCount } from '../../core/shape';
import { layerOf, patternValues } from '../../formats/peft';
import type { FlatTensor } from '../optimizers/optimizer';
import { linearMaps, type ModelSpec, type PlacedLinear } from '../spec';
import type { AdaptedPlace, AdapterKind, AdapterPart, PartValues } from './kind';
import { adapterKind } from './kinds';
import { wholeTensors, type WholeTensor } from './whole';
import { wholeSettings, type AdapterSettings, type WholeSettings } from './settings';

/** A place in a flat buffer, in f32 elements from its start; a multiple of 64, so that a binding can begin there. */
interface Placed {
  readonly offset: number;
}

/** A part of the adapter with its place in the flat buffer of parameters, or in that of frozen parts. */
export type AdapterTensor = AdapterPart & Placed;

/** The flat buffers of an adapter: the trained parameters and the frozen parts. */
export interface AdapterState {
  readonly parameters: Float32Array<ArrayBuffer>;
  /** Empty for kinds without frozen parts. */
  readonly frozen: Float32Array<ArrayBuffer>;
}

/** The adapter of one linear map. */
export interface AdapterModule {
  /** The module's path in the base model. */
  readonly path: string;
  /** The last name of the path: `q_proj`. */
  readonly module: string;
  readonly in: number;
  readonly out: number;
  readonly rank: number;
  /** alpha / r, or alpha / √r with rsLoRA (Kalajdzievski 2023). */
  readonly scale: number;
  readonly tensors: readonly AdapterTensor[];
  /** Parts of one `shared` name lie at one place. */
  readonly frozen: readonly AdapterTensor[];
  /**
   * Place and size of the kind's derived values in their flat buffer, in f32 elements; the offset is a multiple of 64.
   */
  readonly derived?: { readonly offset: number; readonly size: number };
}

/** The places of all parts of an adapter in the flat buffer, in the order of the forward pass. */
export interface AdapterLayout {
  /** The adapter's own settings, all of them explicit. */
  readonly settings: WholeSettings;
  readonly kind: AdapterKind;
  readonly modules: readonly AdapterModule[];
  /** Tensors of the base that are trained themselves, behind the modules' parts in the flat buffer. */
  readonly whole: readonly WholeTensor[];
  /** All that is trained, by name, in the order of the flat buffer. */
  readonly tensors: readonly FlatTensor[];
  /** The module whose maps it adapts, if other modules of the model have maps of the same names. */
  readonly within?: string;
  /** f32 elements of the flat buffer. */
  readonly size: number;
  /** f32 elements of the flat buffer of derived values. */
  readonly derivedSize: number;
  /** f32 elements of the flat buffer of frozen parts. */
  readonly frozenSize: number;
  /** Trainable parameters, without padding. */
  readonly parameters: number;
}

/**
 * The linear maps of a model that `target_modules` names: by their last names, ends of their paths or whole paths. If
 * layers are given, only in those. Throws `target_module_unknown`, naming the model's modules.
 */
export function targetMaps(
  spec: ModelSpec,
  {
    target_modules: targets,
    layers_to_transform: layers = null,
  }: Pick<AdapterSettings, 'target_modules' | 'layers_to_transform'>,
): readonly PlacedLinear[] {
  const all = linearMaps(spec);
  const missing = layers?.find((layer) => !all.some(({ path }) => layerOf(path) === layer));
  if (missing !== undefined) {
    throw new TunesmithError({ code: 'layer_unknown', values: { layer: missing } });
  }
  const maps = layers ? all.filter(({ path }) => layers.includes(layerOf(path))) : all;
  if (targets === 'all-linear') return maps;
  const unknown = targets.find((name) => !maps.some(({ path }) => isTargeted(path, name)));
  if (unknown !== undefined || targets.length === 0) {
    const names = new Set(maps.map(({ path }) => lastName(path)));
    throw new TunesmithError({
      code: 'target_module_unknown',
      values: { name: unknown, names: [...names] },
    });
  }
  return maps.filter(({ path }) => targets.some((name) => isTargeted(path, name)));
}

/** Throws as `targetMaps` and `wholeTensors`, and `setting_invalid` for incompatible settings. */
export function adapterLayout(spec: ModelSpec, given: AdapterSettings): AdapterLayout {
  const settings = wholeSettings(given);
  const kind = adapterKind(settings);
  kind.check?.(settings);
  let size = 0;
  let parameters = 0;
  const placeTrained = (part: AdapterPart): AdapterTensor => {
    const offset = size;
    size += alignUp(elementCount(part.padded), 64);
    parameters += elementCount(part.shape);
    return { ...part, offset };
  };
  let frozenSize = 0;
  const shared = new Map<string, AdapterTensor>();
  const placeFrozen = (part: AdapterPart): AdapterTensor => {
    const known = part.shared === undefined ? undefined : shared.get(part.shared);
    if (known) return { ...part, offset: known.offset };
    const placed = { ...part, offset: frozenSize };
    frozenSize += alignUp(elementCount(part.padded), 64);
    if (part.shared !== undefined) shared.set(part.shared, placed);
    return placed;
  };
  let derivedSize = 0;
  const placeDerived = (place: AdaptedPlace): AdapterModule['derived'] => {
    if (!kind.derived) return undefined;
    const [offset, count] = [derivedSize, kind.derived.size(place, settings)];
    derivedSize += alignUp(count, 64);
    return { offset, size: count };
  };
  const { r, lora_alpha, use_rslora, rank_pattern, alpha_pattern } = settings;
  const [rankOf, alphaOf] = [patternValues(rank_pattern), patternValues(alpha_pattern)];
  const trained = wholeTensors(spec, settings);
  const targets = kind.isBase ? [] : targetMaps(spec, settings);
  const modules = targets.map(({ path, out, in: input }): AdapterModule => {
    const rank = rankOf(path) ?? r;
    const alpha = alphaOf(path) ?? lora_alpha;
    const place = { path, out, in: input, rank };
    const parts = kind.parts(place, settings);
    return {
      ...place,
      module: lastName(path),
      scale: use_rslora ? alpha / Math.sqrt(rank) : alpha / rank,
      tensors: parts.filter(({ frozen }) => !frozen).map(placeTrained),
      frozen: parts.filter(({ frozen }) => frozen).map(placeFrozen),
      derived: placeDerived(place),
    };
  });
  const whole = trained.map(({ name, shape, kind: tensorKind, add }): WholeTensor => {
    const offset = size;
    size += alignUp(elementCount(shape), 64);
    parameters += elementCount(shape);
    return { name, shape, padded: shape, kind: tensorKind, offset, ...(add && { add }) };
  });
  const ofModules = modules.flatMap(({ path, tensors: parts }) =>
    parts.map((part) => ({ name: `${path}.${part.part}`, ...part })),
  );
  const tensors: readonly FlatTensor[] = [...ofModules, ...whole];
  if (size === 0) throw new TunesmithError({ code: 'trained_nothing' });
  const within = spec.towers && spec.root;
  return { settings, kind, modules, whole, tensors, within, size, derivedSize, frozenSize, parameters };
}

/**
 * PEFT's initial values, deterministic in the seed. Parts that start at derived values, or at values computed from the
 * weight, are missing: see `withDerivedStart` and `computeStart`.
 */
export function initialAdapter(layout: AdapterLayout, seed: number): AdapterState {
  const state = { parameters: new Float32Array(layout.size), frozen: new Float32Array(layout.frozenSize) };
  const fill = (flat: Float32Array, name: string, tensor: AdapterTensor): void => {
    const { shape, start } = tensor;
    const count = elementCount(shape);
    if (start === 'kaiming_uniform') {
      const fanIn = shape.at(-1) ?? 1;
      writeParameter(flat, tensor, kaimingUniform(count, fanIn, seed, streamOf(name)));
    } else if (typeof start === 'object') {
      writeParameter(flat, tensor, new Float32Array(count).fill(start.value));
    }
  };
  const filled = new Set<string>();
  for (const { path, tensors, frozen } of layout.modules) {
    for (const tensor of tensors) fill(state.parameters, `${path}.${tensor.part}`, tensor);
    for (const tensor of frozen) {
      const name = tensor.shared ?? `${path}.${tensor.part}`;
      if (!filled.has(name)) fill(state.frozen, name, tensor);
      filled.add(name);
    }
  }
  return state;
}

/** Sets the parts that start at derived values to the derived values of these initial values. */
export function withDerivedStart(
  layout: AdapterLayout,
  flat: Float32Array,
  derived: Float32Array,
): Float32Array<ArrayBuffer> {
  const start = Float32Array.from(flat);
  for (const module of layout.modules) {
    const { offset = 0, size = 0 } = module.derived ?? {};
    for (const tensor of module.tensors) {
      if (tensor.start === 'derived') writeParameter(start, tensor, derived.subarray(offset, offset + size));
    }
  }
  return start;
}

/** All parts of a module, including the frozen ones, as PEFT stores them. */
export function partValues(
  { tensors, frozen }: Pick<AdapterModule, 'tensors' | 'frozen'>,
  state: Readonly<Record<keyof AdapterState, Float32Array>>,
): PartValues {
  return Object.fromEntries([
    ...tensors.map((tensor) => [tensor.part, readParameter(state.parameters, tensor)] as const),
    ...frozen.map((tensor) => [tensor.part, readParameter(state.frozen, tensor)] as const),
  ]);
}

/** A tensor's place in a flat buffer. */
type StoredPlace = Pick<AdapterTensor, 'offset' | 'shape' | 'padded'>;

/** Reads a part from its flat buffer into the form that PEFT stores. */
export function readParameter(flat: Float32Array, tensor: StoredPlace): Float32Array<ArrayBuffer> {
  const values = new Float32Array(elementCount(tensor.shape));
  forEachRow(tensor, (from, to, columns) => values.set(flat.subarray(from, from + columns), to));
  return values;
}

/** Writes a part, in the form that PEFT stores, into its flat buffer. */
export function writeParameter(flat: Float32Array, tensor: StoredPlace, values: Float32Array): void {
  const count = elementCount(tensor.shape);
  if (values.length !== count) throw new Error(`a part of ${count} values was given ${values.length}`);
  forEachRow(tensor, (to, from, columns) => flat.set(values.subarray(from, from + columns), to));
}

/** Calls back with each row's place in the flat buffer, its place among the stored values, and its stored columns. */
function forEachRow(
  { offset, shape, padded }: StoredPlace,
  use: (inFlat: number, inValues: number, columns: number) => void,
): void {
  const columns = shape.at(-1) ?? 1;
  const stride = padded.at(-1) ?? 1;
  for (let row = 0; row < elementCount(shape) / columns; row++) {
    use(offset + row * stride, row * columns, columns);
  }
}

/** Whether an entry of `target_modules` selects the path: PEFT accepts whole paths and ends of paths. */
export function isTargeted(path: string, name: string): boolean {
  return path === name || path.endsWith(`.${name}`);
}

/** The last name of a module's path: `q_proj`. */
export function lastName(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}
