import { streamOf, uniform } from '../../src/core/random';
import type { RunValues } from '../../src/gpu/run';
import type { Builder, ElementType, Limits, Shape, Tensor } from '../../src/ops/op';

/** Values by name, in float64, row-major; u32 inputs as numbers. Inputs and outputs hold `rows` rows. */
export type Arrays = Readonly<Record<string, Float64Array>>;

export interface CaseInput {
  readonly type: ElementType;
  /** May start with 'rows'. */
  readonly shape: Shape;
  /** `rows` rows of it. */
  readonly data: Float32Array | Uint32Array;
  /** Its gradient is asked for and compared. */
  readonly wanted?: boolean;
  /** It lies in the flat buffer of parameters, and its gradient is collected in that of gradients. */
  readonly parameter?: boolean;
}

/**
 * How far a result may be from the reference: a factor of f32's epsilon (2^-23), relative to the largest magnitude in
 * the element's row (the last dimension; the element itself where there is only one dimension). Where cancellation makes
 * results smaller than what was added up, `magnitudes` gives for each element what the error is relative to.
 */
export type Tolerance = number | { readonly factor: number; readonly magnitudes: Float64Array };

/** One op on one set of inputs, with what it should give. */
export interface OpCase {
  /** The name of the op's definition. */
  readonly op: string;
  readonly name: string;
  /** Rows in use. */
  readonly rows: number;
  readonly inputs: Readonly<Record<string, CaseInput>>;
  readonly run?: Partial<RunValues>;
  /** Smaller limits than the device's, so that small tensors are split as large ones are. */
  readonly limits?: Partial<Limits>;
  /** Limits that make larger dispatches, of which every bit of the results is the same. */
  readonly sameAs?: Partial<Limits>;
  /** Applies the op. Each output is compared with the reference's of the same name; inputs updated in place may be returned. */
  build(builder: Builder, tensors: Readonly<Record<string, Tensor>>): Record<string, Tensor>;
  readonly reference: {
    forward(inputs: Arrays): Record<string, Float64Array>;
    /** Gradients of the wanted inputs, given those of the outputs. */
    backward?(inputs: Arrays, outputGradients: Arrays): Record<string, Float64Array>;
  };
  /** Outputs that get a random gradient from outside; all unless given. */
  readonly seeds?: readonly string[];
  /** For ops that are losses: the gradient that each element of an output has by definition (`run.lossScale`). */
  readonly losses?: Readonly<Record<string, number>>;
  /** By output name, and `d` + input name for gradients: `y`, `dx`, `dweight`. */
  readonly tolerance: Readonly<Record<string, Tolerance>>;
}

/** Every combination of the parameters' values, the last varying fastest. */
export function combine<T extends Readonly<Record<string, readonly unknown[]>>>(
  axes: T,
): { [K in keyof T]: T[K][number] }[] {
  let combinations: Record<string, unknown>[] = [{}];
  for (const [name, values] of Object.entries(axes)) {
    combinations = combinations.flatMap((chosen) => values.map((value) => ({ ...chosen, [name]: value })));
  }
  return combinations as { [K in keyof T]: T[K][number] }[];
}

/** `rows=3 columns=20`, for a case's name. */
export function describe(parameters: Readonly<Record<string, unknown>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(' ');
}

/** Normally distributed values (Box–Muller) that depend on the name only. */
export function normal(name: string, count: number, scale = 1): Float32Array<ArrayBuffer> {
  const stream = streamOf(name);
  return Float32Array.from({ length: count }, (_, i) => {
    const radius = Math.sqrt(-2 * Math.log(1 - uniform(0, stream, 2 * i)));
    return scale * radius * Math.cos(2 * Math.PI * uniform(0, stream, 2 * i + 1));
  });
}

/** Whole numbers in [0, bound) that depend on the name only. */
export function integers(name: string, count: number, bound: number): Uint32Array<ArrayBuffer> {
  const stream = streamOf(name);
  return Uint32Array.from({ length: count }, (_, i) => Math.floor(uniform(0, stream, i) * bound));
}
