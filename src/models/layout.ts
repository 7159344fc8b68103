import { TunesmithError } from '../core/errors';
import { loadSettingsOf, type LoadSettings } from '../core/settings/settings';
import { elementCount, shapeText } from '../core/shape';
import { message, type Message } from '../core/messages/message';
import type { Trace } from '../graph/trace';
import type { Tensor } from '../ops/op';
import { packedBuffers, packingRefusal } from '../ops/packings/packed';
import { PART_ELEMENTS } from '../ops/products/row_windows';
import { nf4Packing, type DenseFormat, type DenseWeight, type Packing, type Weight } from '../ops/weight';
import type { RotaryParameters } from './rotary_table';
import { checkpointTensors, type ModelSpec, type TensorSpec } from './spec';

/** A buffer of the loaded model. */
export interface WeightSlot {
  readonly slot: string;
  readonly bytes: number;
}

/** The buffers of one tensor of the checkpoint on the device. */
export type WeightLayout =
  | {
      readonly kind: 'vector';
      readonly size: number;
      readonly slot: WeightSlot;
      /** Added to the stored values on loading. */
      readonly add?: 1;
    }
  | {
      readonly kind: 'dense';
      readonly format: DenseFormat;
      readonly out: number;
      readonly in: number;
      readonly parts: readonly (WeightSlot & { readonly firstRow: number; readonly rows: number })[];
    }
  | {
      readonly kind: 'packed';
      readonly packing: Packing;
      readonly out: number;
      readonly in: number;
      /** By the names that the packing gives its buffers. */
      readonly buffers: Readonly<Record<string, WeightSlot>>;
    };

/** The buffers of a whole model on the device; config.json and the weights' headers determine them. */
export interface ModelLayout {
  readonly spec: ModelSpec;
  readonly quantization: LoadSettings;
  readonly tensors: ReadonlyMap<string, WeightLayout>;
  /** Positions that the rotary tables hold. */
  readonly positions: number;
}

/** Upper limit of positions, whatever a model claims. */
const MOST_POSITIONS = 8192;

/** Most tokens of a sequence. */
export function positionsOf(spec: ModelSpec): number {
  return Math.min(spec.maxPositions, MOST_POSITIONS);
}

/**
 * How a checkpoint stores a tensor, as far as its layout on the device depends on it: the format of a dense tensor;
 * `kept` for one that stays dense whatever `load_in_4bit` says; the packing of one that runs as stored; or
 * 'requantised' for one in a format that can't run.
 */
export type StoredForm = DenseFormat | { readonly kept: DenseFormat } | Packing | 'requantised';

/**
 * Throws `linear_not_blocked` if a linear map can't be divided into NF4 blocks of 64, `weight_not_packed` if it does
 * not fit another packing.
 */
export function modelLayout(
  spec: ModelSpec,
  formOf: (name: string) => StoredForm,
  load: LoadSettings,
  maxBinding: number,
): ModelLayout {
  const tensors = new Map<string, WeightLayout>();
  for (const tensor of checkpointTensors(spec)) {
    tensors.set(tensor.name, tensorLayout(tensor, formOf(tensor.name), load, maxBinding));
  }
  return { spec, quantization: loadSettingsOf(load), tensors, positions: positionsOf(spec) };
}

function tensorLayout(
  { name, shape, kind, add }: TensorSpec,
  form: StoredForm,
  load: LoadSettings,
  maxBinding: number,
): WeightLayout {
  if (kind === 'vector') {
    const size = elementCount(shape);
    return { kind, size, slot: { slot: name, bytes: size * 4 }, add };
  }
  const [out = 0, input = 1] = shape;
  if (typeof form === 'object' && 'format' in form) return packedLayout(name, out, input, form, maxBinding);
  if (kind === 'linear' && load.load_in_4bit && typeof form === 'string') {
    if (input % 64 !== 0) {
      throw new TunesmithError({ code: 'linear_not_blocked', values: { name, elements: input } });
    }
    return packedLayout(name, out, input, nf4Packing(load.bnb_4bit_use_double_quant), maxBinding);
  }
  const format = denseFormat(typeof form === 'string' ? form : form.kept, load.dtype);
  const elementBytes = format === 'f32' ? 4 : 2;
  const parts = rowParts(out, input, elementBytes, maxBinding).map(({ firstRow, rows }) => ({
    slot: rows < out ? `${name}.${firstRow}` : name,
    bytes: rows * input * elementBytes,
    firstRow,
    rows,
  }));
  return { kind: 'dense', format, out, in: input, parts };
}

/** Divides the rows of a dense matrix into parts that each fit one binding and one dispatch. */
export function rowParts(
  out: number,
  input: number,
  elementBytes: number,
  maxBinding: number,
): readonly { readonly firstRow: number; readonly rows: number }[] {
  const fitting = Math.min(maxBinding / (input * elementBytes), PART_ELEMENTS / input);
  const most = Math.max(64, Math.floor(fitting / 64) * 64);
  const parts = [];
  for (let firstRow = 0; firstRow < out; firstRow += most) {
    parts.push({ firstRow, rows: Math.min(most, out - firstRow) });
  }
  return parts;
}

/** The format of a dense weight that is not quantised. */
function denseFormat(form: DenseFormat | 'requantised', dtype: LoadSettings['dtype']): DenseFormat {
  if (dtype === 'float16') return 'f16';
  if (dtype === 'float32') return 'f32';
  return form === 'requantised' ? 'f16' : form;
}

function packedLayout(
  name: string,
  out: number,
  input: number,
  packing: Packing,
  maxBinding: number,
): WeightLayout {
  const fault = packingRefusal(packing, out, input);
  if (fault) throw notPacked(message('weight_shaped', { name, shape: shapeText([out, input]), fault }));
  const buffers: Record<string, WeightSlot> = {};
  for (const [key, bytes] of bufferSizes(packing, out, input)) {
    if (bytes > maxBinding) throw notPacked(message('weight_too_large', { name, bytes }));
    buffers[key] = { slot: `${name}.${key}`, bytes };
  }
  return { kind: 'packed', packing, out, in: input, buffers };
}

/** Names and bytes of a packed matrix's buffers. */
export function bufferSizes(packing: Packing, out: number, input: number): [name: string, bytes: number][] {
  const { codes, scales } = packedBuffers(packing, out, input);
  return scales === undefined
    ? [['codes', codes]]
    : [
        ['codes', codes],
        ['scales', scales],
      ];
}

function notPacked(fault: Message): TunesmithError {
  return new TunesmithError({ code: 'weight_not_packed', values: { fault } });
}

/** All buffers of the weights, in the order of the forward pass. */
export function weightSlots(layout: ModelLayout): readonly WeightSlot[] {
  return [...layout.tensors.values()].flatMap(slotsOf);
}

/** The buffers of one tensor. */
export function slotsOf(tensor: WeightLayout): readonly WeightSlot[] {
  if (tensor.kind === 'vector') return [tensor.slot];
  return tensor.kind === 'packed' ? Object.values(tensor.buffers) : tensor.parts;
}

/** The rotary tables' buffers, in the order of the spec's rotary embeddings. */
export function rotarySlots({ spec, positions }: ModelLayout): readonly WeightSlot[] {
  return spec.rotary.map(({ dim }, index) => ({ slot: `rotary.${index}`, bytes: positions * dim * 4 }));
}

/** Bytes of the base model on the device. */
export function modelBytes(layout: ModelLayout): number {
  return [...weightSlots(layout), ...rotarySlots(layout)].reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Tensors of a layout that are trained themselves, by name: vectors and matrices. */
export interface TrainedWeights {
  whole(name: string): Tensor | DenseWeight | undefined;
}

/** A layout's tensors as symbols of one trace. */
export class BoundWeights {
  readonly #trace: Trace;
  readonly #layout: ModelLayout;
  readonly #tables: readonly (RotaryParameters & { readonly table: Tensor })[];

  readonly #trained: TrainedWeights | undefined;

  /** @param trained stand in place of the base's tensors of their names */
  constructor(trace: Trace, layout: ModelLayout, trained?: TrainedWeights) {
    this.#trace = trace;
    this.#trained = trained;
    this.#layout = layout;
    const slots = rotarySlots(layout);
    this.#tables = layout.spec.rotary.map((parameters, index) => {
      const { slot } = slots[index]!;
      return { ...parameters, table: trace.bound(slot, 'f32', [layout.positions, parameters.dim]) };
    });
  }

  /** One of the spec's rotary embeddings with its table, f32 [positions, dim]. */
  rotary(index: number): RotaryParameters & { readonly table: Tensor } {
    const rotary = this.#tables[index];
    if (!rotary) throw new Error(`this model has no rotary embedding ${index}`);
    return rotary;
  }

  /** All elements of a vector, or of another small tensor, in one dimension. */
  vector(name: string): Tensor {
    const layout = this.#layout.tensors.get(name);
    const trained = this.#trained?.whole(name);
    if (trained && !('kind' in trained)) return trained;
    if (layout?.kind !== 'vector') throw new Error(`${name} is no vector of this model`);
    return this.#trace.bound(layout.slot.slot, 'f32', [layout.size]);
  }

  weight(name: string): Weight {
    const trained = this.#trained?.whole(name);
    if (trained && 'kind' in trained) return trained;
    const layout = this.#layout.tensors.get(name);
    if (!layout || layout.kind === 'vector') throw new Error(`${name} is no matrix of this model`);
    const words = ({ slot, bytes }: WeightSlot): Tensor => this.#trace.bound(slot, 'u32', [bytes / 4]);
    const { out, in: input } = layout;
    if (layout.kind === 'packed') {
      const { packing, buffers } = layout;
      const tensors = Object.fromEntries(Object.entries(buffers).map(([key, slot]) => [key, words(slot)]));
      return { kind: 'packed', name, out, in: input, packing, tensors };
    }
    const parts = layout.parts.map((part) => ({ ...part, tensor: words(part) }));
    return { kind: 'dense', name, format: layout.format, out, in: input, parts };
  }
}
