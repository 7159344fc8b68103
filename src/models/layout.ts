import { TunesmithError } from '../core/errors';
import type { Trace } from '../graph/trace';
import type { Tensor } from '../ops/op';
import { packedBuffers } from '../ops/packings/packed';
import { nf4Packing, type DenseFormat, type Weight } from '../ops/weight';
import { checkpointTensors, type ModelSpec, type TensorSpec } from './spec';

/** How a base is loaded. */
export interface LoadSettings {
  /** NF4 for the blocks' linear maps. */
  readonly load_in_4bit: boolean;
  readonly bnb_4bit_use_double_quant: boolean;
  /** What is not in 4 bits; 'auto': as the checkpoint stores it. */
  readonly dtype: 'auto' | 'float16' | 'float32';
}

/** A buffer of the loaded model. */
export interface WeightSlot {
  readonly slot: string;
  readonly bytes: number;
}

/** How one tensor of the checkpoint lies on the device. */
export type WeightLayout =
  | { readonly kind: 'vector'; readonly size: number; readonly slot: WeightSlot }
  | {
      readonly kind: 'dense';
      readonly format: DenseFormat;
      readonly out: number;
      readonly in: number;
      readonly parts: readonly (WeightSlot & { readonly firstRow: number; readonly rows: number })[];
    }
  | {
      readonly kind: 'nf4';
      readonly out: number;
      readonly in: number;
      readonly doubleQuant: boolean;
      readonly codes: WeightSlot;
      readonly scales: WeightSlot;
    };

/** How a whole model lies on the device; known from config.json and the weights' header alone. */
export interface ModelLayout {
  readonly spec: ModelSpec;
  readonly quantization: LoadSettings;
  readonly tensors: ReadonlyMap<string, WeightLayout>;
  /** Positions that the rotary table holds. */
  readonly positions: number;
}

export const ROTARY_SLOT = 'rotary';

/** Positions beyond this are not prepared, whatever a model claims. */
const MOST_POSITIONS = 8192;

/** Tokens that a sequence may have. */
export function positionsOf(spec: ModelSpec): number {
  return Math.min(spec.maxPositions, MOST_POSITIONS);
}

/** The stored format of a tensor by its name in the checkpoint. */
export type FormatOf = (name: string) => DenseFormat;

/** Throws `linear_not_blocked` where a linear map can't be cut into NF4 blocks of 64. */
export function modelLayout(
  spec: ModelSpec,
  formatOf: FormatOf,
  quantization: LoadSettings,
  maxBinding: number,
): ModelLayout {
  const tensors = new Map<string, WeightLayout>();
  for (const tensor of checkpointTensors(spec)) {
    tensors.set(tensor.name, tensorLayout(tensor, formatOf(tensor.name), quantization, maxBinding));
  }
  return { spec, quantization, tensors, positions: positionsOf(spec) };
}

function tensorLayout(
  { name, shape, kind }: TensorSpec,
  format: DenseFormat,
  quantization: LoadSettings,
  maxBinding: number,
): WeightLayout {
  const [out = 0, input = 1] = shape;
  if (kind === 'vector') return { kind, size: out, slot: { slot: name, bytes: out * 4 } };
  if (kind === 'linear' && quantization.load_in_4bit) {
    if (input % 64 !== 0) {
      throw new TunesmithError({
        code: 'linear_not_blocked',
        message: `${name} has rows of ${input} elements, which NF4's blocks of 64 do not divide.`,
        hint: 'Load this model with load_in_4bit = false.',
      });
    }
    const doubleQuant = quantization.bnb_4bit_use_double_quant;
    const { codes, scales = 0 } = packedBuffers(nf4Packing(doubleQuant), out, input);
    return {
      kind: 'nf4',
      out,
      in: input,
      doubleQuant,
      codes: { slot: `${name}.codes`, bytes: codes },
      scales: { slot: `${name}.scales`, bytes: scales },
    };
  }
  const rowBytes = input * (format === 'f32' ? 4 : 2);
  const most = Math.max(64, Math.floor(maxBinding / rowBytes / 64) * 64);
  const parts = [];
  for (let firstRow = 0; firstRow < out; firstRow += most) {
    const rows = Math.min(most, out - firstRow);
    parts.push({ slot: out > most ? `${name}.${firstRow}` : name, bytes: rows * rowBytes, firstRow, rows });
  }
  return { kind: 'dense', format, out, in: input, parts };
}

/** All buffers of the model but the rotary table, in the checkpoint's order. */
export function weightSlots(layout: ModelLayout): readonly WeightSlot[] {
  return [...layout.tensors.values()].flatMap((tensor): readonly WeightSlot[] => {
    if (tensor.kind === 'vector') return [tensor.slot];
    return tensor.kind === 'nf4' ? [tensor.codes, tensor.scales] : tensor.parts;
  });
}

/** Bytes of the base model on the device. */
export function modelBytes(layout: ModelLayout): number {
  const table = layout.positions * layout.spec.headDim * 4;
  return weightSlots(layout).reduce((sum, { bytes }) => sum + bytes, table);
}

/** A layout's tensors as symbols of one trace. */
export class BoundWeights {
  readonly rotary: Tensor;
  readonly #trace: Trace;
  readonly #layout: ModelLayout;

  constructor(trace: Trace, layout: ModelLayout) {
    this.#trace = trace;
    this.#layout = layout;
    this.rotary = trace.bound(ROTARY_SLOT, 'f32', [layout.positions, layout.spec.headDim]);
  }

  vector(name: string): Tensor {
    const layout = this.#layout.tensors.get(name);
    if (layout?.kind !== 'vector') throw new Error(`${name} is no vector of this model`);
    return this.#trace.bound(layout.slot.slot, 'f32', [layout.size]);
  }

  weight(name: string): Weight {
    const layout = this.#layout.tensors.get(name);
    if (!layout || layout.kind === 'vector') throw new Error(`${name} is no matrix of this model`);
    const words = ({ slot, bytes }: WeightSlot): Tensor => this.#trace.bound(slot, 'u32', [bytes / 4]);
    const { out, in: input } = layout;
    if (layout.kind === 'nf4') {
      const { doubleQuant, codes, scales } = layout;
      const tensors = { codes: words(codes), scales: words(scales) };
      return { kind: 'packed', name, out, in: input, packing: nf4Packing(doubleQuant), tensors };
    }
    const parts = layout.parts.map((part) => ({ ...part, tensor: words(part) }));
    return { kind: 'dense', name, format: layout.format, out, in: input, parts };
  }
}
