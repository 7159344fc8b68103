import type { Dropout } from '../../ops/products/algorithm';
import type { LinearInputs } from '../../ops/linear';
import type { LinearMap } from '../../ops/linears';
import type { Builder, Tensor } from '../../ops/op';
import type { Weight } from '../../ops/weight';
import type { LinearOperator } from '../../core/truncated_svd';
import type { WholeSettings } from './settings';

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
  /**
   * PEFT's `kaiming_uniform_` with a = √5, zeros, the kind's derived values as they are with the other parts' starts, or what
   * the kind's `origin` makes of the weight.
   */
  readonly start: 'kaiming_uniform' | 'zero' | 'derived' | 'weight';
}

/** A matrix that stays as it was at the start; see `AdapterOrigin`. */
export type FrozenPart = Pick<AdapterPart, 'part' | 'shape' | 'padded'>;

/** Parts by their names, as PEFT stores them, without padding. */
export type PartValues = Readonly<Record<string, Float32Array>>;

/** The parts of a trained adapter beside one linear map, those that stayed as they were among them. */
export interface TrainedModule extends AdaptedShape {
  readonly scale: number;
  readonly parts: PartValues;
}

/**
 * A start that is computed of the base's unquantised weight. Since nobody else has that start, such an adapter becomes a plain
 * one as soon as it is trained: that is what chats, is exported and is trained on from.
 */
export interface AdapterOrigin {
  /** Parts that are not trained. They have a flat buffer of their own, which checkpoints hold as well. */
  frozen(shape: AdaptedShape): readonly FrozenPart[];
  /** Vectors that `start` multiplies with at once, at most. */
  block(shape: AdaptedShape): number;
  /**
   * The start of all parts, the frozen ones among them.
   *
   * @param random normally distributed numbers, the same for the same seed and module
   */
  start(
    weight: LinearOperator,
    module: AdaptedShape & { readonly scale: number },
    settings: WholeSettings,
    random: (count: number) => Float64Array,
  ): Promise<PartValues>;
  /** The plain adapter that computes the same. */
  readonly plain: {
    settings(settings: WholeSettings): WholeSettings;
    parts(module: TrainedModule): PartValues;
  };
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
  /** The parts that are not trained, by their names. */
  readonly frozen: Readonly<Record<string, Tensor>>;
}

/** A linear map with an adapter around it, within a program that generates. */
export interface GenerationMap {
  /** What is computed of x, perhaps together with other maps of it. */
  readonly map: LinearMap;
  /** What makes y of the map's result and x. */
  readonly finish?: (builder: Builder, result: Tensor, x: Tensor) => Tensor;
}

/** Rows of a linear map's weight, and the adapter's parts as PEFT stores them. */
export interface MergeInputs {
  /** f32 [rows, in]: rows firstRow … of the weight. Changed in place. */
  readonly rows: Float32Array;
  readonly firstRow: number;
  readonly in: number;
  readonly scale: number;
  readonly parts: PartValues;
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
  isMeant(settings: WholeSettings): boolean;
  /** Throws `setting_invalid` for settings that don't go together with this kind. */
  check?(settings: WholeSettings): void;
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
  /** There if an adapter begins with what is computed of the weight. */
  readonly origin?: AdapterOrigin;
  /** y of the linear map with the adapter around it, in graphs that are differentiated. */
  linear(builder: Builder, inputs: Omit<LinearInputs, 'lora'>, module: BoundModule): Tensor;
  /** The same in generation, where several maps of one x are computed together. */
  inGeneration(map: Omit<LinearMap, 'lora'>, module: BoundModule): GenerationMap;
  /** Turns rows of the weight into those of base and adapter together, in f32. */
  merge(inputs: MergeInputs): void;
}
