import type { JsonObject } from '../../core/json';
import type { AdapterFields } from '../../formats/peft_config';
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

/** The same with its place in the model. */
export interface AdaptedPlace extends AdaptedShape {
  /** The module's path in the base model. */
  readonly path: string;
}

/** A matrix or vector of an adapter kind beside each linear map. */
export interface AdapterPart {
  /** PEFT's name of it: `lora_A`. */
  readonly part: string;
  /**
   * The end of PEFT's tensor name, after the module's path: `lora_A.weight`; of a shared part, all after `base_model.`.
   * Absent for a part that PEFT's files lack.
   */
  readonly file?: string;
  /** As PEFT stores it: [rows, columns], or [size]. */
  readonly shape: readonly number[];
  /** As the kernels see it: a rank is padded to a multiple of 4 with zeros, which stay zero. */
  readonly padded: readonly number[];
  /**
   * The initial values: PEFT's `kaiming_uniform_` with a = √5, zeros, one value, the kind's derived values for the other
   * parts' initial values, or values that the kind's `origin` computes from the weight.
   */
  readonly start: 'kaiming_uniform' | 'zero' | 'derived' | 'weight' | { readonly value: number };
  /** Whether training leaves it as it is. Frozen parts have a flat buffer of their own, which checkpoints hold as well. */
  readonly frozen?: true;
  /** The name of a frozen part that modules share: one tensor stands for the parts of this name. */
  readonly shared?: string;
}

/** Parts by their names, as PEFT stores them, without padding. */
export type PartValues = Readonly<Record<string, Float32Array>>;

/** The parts of a trained adapter beside one linear map, including the frozen ones. */
export interface TrainedModule extends AdaptedPlace {
  readonly scale: number;
  readonly parts: PartValues;
}

/** Initial values computed from the base's unquantised weight. */
export interface AdapterOrigin {
  /** The matrix that `start` multiplies with: the weight, or the weight minus its quantised form. Default: the weight. */
  readonly of?: 'weight' | 'quantisation_error';
  /** Most vectors that `start` multiplies with at once. */
  block(shape: AdaptedShape): number;
  /**
   * The initial values of all parts, including the frozen ones.
   *
   * @param random normally distributed numbers, the same for the same seed and module
   */
  start(
    weight: LinearOperator,
    module: AdaptedShape & { readonly scale: number },
    settings: WholeSettings,
    random: (count: number) => Float64Array,
  ): Promise<PartValues>;
}

/** The plain adapter that computes the same as a trained one of a kind whose frozen parts other programs lack. */
export interface PlainForm {
  settings(settings: WholeSettings): WholeSettings;
  parts(module: TrainedModule): PartValues;
}

/** PEFT's `adapter_config.json` of a kind, apart from the fields of all kinds. */
export interface PeftForm extends AdapterFields {
  /** Whether a second list of the file names the module, too. The entries of `target_modules` then tell the two apart. */
  readonly alsoNames?: (path: string, settings: WholeSettings) => boolean;
  /**
   * The fields and their values.
   *
   * @param alsoNamed the entries of `target_modules` for the second list
   */
  write(settings: WholeSettings, alsoNamed: readonly string[]): JsonObject;
  /** The settings that a file's fields mean. @param fields valid by `entries` */
  read(fields: JsonObject): Partial<WholeSettings>;
}

/** The adapter of one linear map as symbols of a trace. */
export interface BoundModule {
  readonly kind: AdapterKind;
  readonly settings: WholeSettings;
  /** The module's path in the base model. */
  readonly path: string;
  /** The parts by their names, including the frozen ones. */
  readonly parts: Readonly<Record<string, Tensor>>;
  /** alpha / r, or alpha / √r with rsLoRA (Kalajdzievski 2023). */
  readonly scale: number;
  /** In training only. */
  readonly dropout?: Dropout;
  /** f32 [size], with the size of the kind's `derived`. */
  readonly derived?: Tensor;
}

/** A linear map with an adapter around it, within a program that generates. */
export type GenerationMap =
  | {
      /** The map of x, which may be computed together with other maps of the same x. */
      readonly map: LinearMap;
      /** Computes y from the map's result and x. */
      readonly finish?: (builder: Builder, result: Tensor, x: Tensor) => Tensor;
    }
  | {
      /** Computes y from x, for an adapter that gives the map an input of its own. */
      readonly alone: (builder: Builder, x: Tensor) => Tensor;
    };

/** scale · B A, with A f32 [r, in] and B f32 [out, r]. */
export interface LowRankPair {
  readonly A: Float32Array;
  readonly B: Float32Array;
  readonly scale: number;
}

/**
 * Adds an adapter to rows of a linear map's weight, in f32.
 *
 * @param rows f32 [rows, in]: rows firstRow … of the weight. Changed in place
 */
export type MergeRows = (rows: Float32Array, firstRow: number) => void;

/**
 * A kind of adapter. To add one: write a file beside this one that exports an `AdapterKind`, and put it into the list
 * of kinds.ts. Layouts, training, generation, import and export use that list.
 */
export interface AdapterKind {
  readonly name: string;
  /** The name as people write it. */
  readonly title: string;
  /** Its value of the setting `finetuning_type`. */
  readonly finetuningType: string;
  /** Whether the settings select this kind among those of its `finetuning_type`. Absent for the last of them. */
  isMeant?(settings: WholeSettings): boolean;
  /** Throws `setting_invalid` for settings that this kind does not support. */
  check?(settings: WholeSettings): void;
  /** Set if there is no adapter: tensors of the base are trained themselves. */
  readonly isBase?: true;
  /** How PEFT describes such an adapter. */
  readonly peft: PeftForm;
  /** Its parts beside a linear map, in the order of the flat buffers. */
  parts(place: AdaptedPlace, settings: WholeSettings): readonly AdapterPart[];
  /**
   * Values that follow from the parts and the base's weight. The device recomputes them into a separate buffer whenever
   * the parts have changed, so that the passes need not compute them.
   */
  readonly derived?: {
    /** f32 elements. */
    size(place: AdaptedPlace, settings: WholeSettings): number;
    /** Fills `module.derived`. */
    fill(builder: Builder, weight: Weight, module: BoundModule): void;
  };
  /** Present if the initial values are computed from the weight. */
  readonly origin?: AdapterOrigin;
  /**
   * Present if other programs lack this kind: a trained adapter is then converted to the plain form, which is used for
   * chat, export and further training.
   */
  readonly plain?: PlainForm;
  /** y of the linear map with the adapter around it, in graphs that are differentiated. */
  linear(builder: Builder, inputs: Omit<LinearInputs, 'lora'>, module: BoundModule): Tensor;
  /** The same for generation, which computes several maps of one x together. */
  inGeneration(map: Omit<LinearMap, 'lora'>, module: BoundModule): GenerationMap;
  /**
   * The pair of W' = W + scale · B A: A [r, in], B [out, r]. Absent if the kind changes the weight in another way, which
   * formats with only such pairs can't express.
   */
  readonly lowRank?: (module: TrainedModule) => LowRankPair;
  /** How it changes the weight of a linear map. */
  merge(module: TrainedModule, settings: WholeSettings): MergeRows;
  /** How it changes the bias of a linear map, f32 [out]. Absent, or undefined of a module, if the bias stays as it is. */
  mergeBias?(module: TrainedModule, settings: WholeSettings): ((bias: Float32Array) => void) | undefined;
}
