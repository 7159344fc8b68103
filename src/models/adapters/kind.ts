import type { Dropout } from '../../ops/products/algorithm';
import type { LinearInputs } from '../../ops/linear';
import type { LinearMap } from '../../ops/linears';
import type { Builder, Tensor } from '../../ops/op';
import type { Weight } from '../../ops/weight';
import type { AdapterSettings } from './settings';

/** A linear map [out, in] and the rank of the adapter beside it. */
export interface AdaptedShape {
  readonly out: number;
  readonly in: number;
  readonly rank: number;
}

/** One matrix or vector that an adapter kind keeps beside each linear map. */
export interface AdapterPart {
  /** PEFT's name of it: `lora_A`. */
  readonly part: string;
  /** What follows the module's path in the name that PEFT gives the tensor: `lora_A.weight`. */
  readonly file: string;
  /** As PEFT stores it: [rows, columns], or [size]. */
  readonly shape: readonly number[];
  /** As the kernels see it: a rank is padded to a multiple of 4 with zeros, which stay zero. */
  readonly padded: readonly number[];
  /** PEFT's `kaiming_uniform_` with a = √5, zeros, or the kind's derived values as they are with the other parts' starts. */
  readonly start: 'kaiming_uniform' | 'zero' | 'derived';
}

/** The adapter of one linear map as symbols of a trace. */
export interface BoundModule {
  readonly kind: AdapterKind;
  /** The parts by their names. */
  readonly parts: Readonly<Record<string, Tensor>>;
  /** alpha / r, or alpha / √r with rsLoRA (Kalajdzievski 2023). */
  readonly scale: number;
  /** In training only. */
  readonly dropout?: Dropout;
  /** f32, of the size that the kind's `derived` tells. */
  readonly derived?: Tensor;
}

/** A linear map with an adapter around it, within a program that generates. */
export interface GenerationMap {
  /** What is computed of x, perhaps together with other maps of it. */
  readonly map: LinearMap;
  /** What makes y of the map's result. */
  readonly finish?: (builder: Builder, result: Tensor) => Tensor;
}

/** Rows of a linear map's weight, and the adapter's parts as PEFT stores them. */
export interface MergeInputs {
  /** f32 [rows, in]: rows firstRow … of the weight. Changed in place. */
  readonly rows: Float32Array;
  readonly firstRow: number;
  readonly in: number;
  readonly scale: number;
  readonly parts: Readonly<Record<string, Float32Array>>;
}

/**
 * A kind of adapter. To add one: write a file beside this one that exports an `AdapterKind`, and put it into the list of
 * kinds.ts. Layouts, training, generation, import and export go by the list.
 */
export interface AdapterKind {
  readonly name: string;
  /** The name as people write it. */
  readonly title: string;
  /** Whether the settings mean this kind; they mean exactly one of the list. */
  isMeant(settings: AdapterSettings): boolean;
  /** What it keeps beside a linear map, in the order of the flat buffer. */
  parts(shape: AdaptedShape): readonly AdapterPart[];
  /**
   * Values that follow from the parts and the base's weight. They are computed on the device whenever the parts have
   * changed, into a buffer of their own, so that no pass has to compute them.
   */
  readonly derived?: {
    /** f32 elements. */
    size(shape: AdaptedShape): number;
    /** Fills `module.derived`. */
    fill(builder: Builder, weight: Weight, module: BoundModule): void;
  };
  /** y of the linear map with the adapter around it, in graphs that are differentiated. */
  linear(builder: Builder, inputs: Omit<LinearInputs, 'lora'>, module: BoundModule): Tensor;
  /** The same in generation, where several maps of one x are computed together. */
  inGeneration(map: Omit<LinearMap, 'lora'>, module: BoundModule): GenerationMap;
  /** Turns rows of the weight into those of base and adapter together, in f32. */
  merge(inputs: MergeInputs): void;
}
