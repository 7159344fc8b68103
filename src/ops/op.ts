import type { DeviceFeatures } from '../gpu/features';
import type { ShaderConstants } from '../gpu/shaders';
import type { Chooser } from './choice';

/** A size: fixed, or the number of token rows of a run (at most the program's capacity). Only the first may be 'rows'. */
export type Dimension = number | 'rows';
export type Shape = readonly Dimension[];

/** Elements are 32-bit words; 16-bit and 4-bit weights are packed into u32. */
export type ElementType = 'f32' | 'u32';

/**
 * Where a tensor's bytes are: at an offset that the plan chooses, or in a buffer that outlives the program, named by a
 * slot (`parameters`, `tokens`, `model.layers.0.mlp.up_proj.weight`) and bound when the program is compiled.
 */
export type Storage =
  { readonly kind: 'planned' } | { readonly kind: 'bound'; readonly slot: string; readonly offset: number };

/** A symbol for an array; nothing is allocated by making one. */
export interface Tensor {
  readonly id: number;
  readonly name: string;
  readonly type: ElementType;
  readonly shape: Shape;
  readonly storage: Storage;
}

export interface TensorType {
  readonly type: ElementType;
  readonly shape: Shape;
}

export type Tensors = Readonly<Record<string, Tensor | undefined>>;

/** 'read' binds read-only; 'write' and 'update' bind read_write ('update' says that the old content matters). */
export type Access = 'read' | 'write' | 'update';

export interface Binding {
  readonly tensor: Tensor;
  readonly access: Access;
  /** Bytes from the tensor's start; a multiple of 256. The whole tensor unless given. */
  readonly offset?: number;
  readonly size?: number;
  /** Bytes that the kernel reads or writes for so many rows, where that is not all it binds: a table that is looked up. */
  readonly touches?: (rows: number) => number;
}

export type Workgroups = readonly [x: number, y: number, z: number];

/** One kernel launch. The uniform `run` is always @binding(0); `bindings` follow from @binding(1) in order. */
export interface Dispatch {
  /** shaders/<kernel>.wgsl, whose entry point has the kernel's name (the part after the last slash). */
  readonly kernel: string;
  readonly constants?: ShaderConstants;
  readonly overrides?: Readonly<Record<string, number>>;
  readonly bindings: readonly Binding[];
  /**
   * Up to four u32 that differ between dispatches of one pipeline: the uniform vec4u after the bindings. By contrast, each value of
   * an override needs a pipeline of its own.
   */
  readonly words?: readonly number[];
  /** Workgroups for this many rows; a zero in it leaves the dispatch out. */
  readonly workgroups: (rows: number) => Workgroups;
  /** Floating-point operations for this many rows, to bound the time of a submit; if absent, bytes count instead. */
  readonly flops?: (rows: number) => number;
}

/** WebGPU's default of `maxStorageBufferBindingSize`: every device allows that much. */
export const DEFAULT_BINDING_BYTES = 2 ** 27;

export interface Limits {
  readonly maxStorageBufferBindingSize: number;
  readonly maxBufferSize: number;
  readonly maxComputeWorkgroupsPerDimension: number;
  /** If absent, the number that every device supports. */
  readonly maxStorageBuffersPerShaderStage?: number;
  /** Floating-point operations that one dispatch should have at most; the default is in dispatch_time.ts. */
  readonly dispatchOperations?: number;
  /**
   * Set if the adapter runs on the CPU, where workgroup memory and barriers are slow and small workgroups are faster.
   */
  readonly software?: boolean;
  /** Features that kernels may use beyond plain WGSL; if absent, none. */
  readonly features?: DeviceFeatures;
  /** Chooses an op's algorithm on this device; if absent, the ops' defaults apply. */
  readonly choose?: Chooser;
}

/** The context in which an op makes its dispatches. */
export interface Lowering {
  readonly limits: Limits;
  /** The most rows that a run may have. */
  readonly capacity: number;
  /** A tensor that lives only within this node's dispatches. */
  temporary(name: string, type: TensorType): Tensor;
}

/** One use of an op in a graph. */
export interface Node<I extends Tensors = Tensors, O extends Tensors = Tensors, A = unknown> {
  readonly op: Op<I, O, A>;
  readonly inputs: I;
  readonly outputs: O;
  readonly attributes: A;
}

/** An op: what a good kernel author would fuse. One file in src/ops, with its kernels in shaders/. */
export interface OpDefinition<I extends Tensors, O extends Tensors, A> {
  readonly name: string;
  /** The kernel launches that fill the outputs. */
  lower(node: Node<I, O, A>, lowering: Lowering): readonly Dispatch[];
  /**
   * The chain rule, in ops: reads the gradients of the outputs from the tape and hands it those of the inputs.
   * Absent for ops that are never differentiated (the backward ops and the optimiser).
   */
  gradient?(node: Node<I, O, A>, tape: Tape): void;
  /** Set for a loss: its gradient is 1 by definition, and the sweep starts there. */
  readonly loss?: true;
}

declare const registered: unique symbol;

/** An op that `defineOp` has registered: a builder takes no other. */
export interface Op<I extends Tensors, O extends Tensors, A> extends OpDefinition<I, O, A> {
  readonly [registered]: true;
}

const names: string[] = [];

/** Registers an op, so that the suite of cases knows it. Called once for each op, when its file is loaded. */
export function defineOp<I extends Tensors, O extends Tensors, A>(
  definition: OpDefinition<I, O, A>,
): Op<I, O, A> {
  names.push(definition.name);
  return definition as Op<I, O, A>;
}

/** The names of all ops whose files are loaded. A name stands twice if two ops bear it. */
export function opNames(): readonly string[] {
  return names;
}

/** Takes ops as they are applied; the graph's trace is one. */
export interface Builder {
  /** Applies an op and returns its outputs as fresh tensors of the given types. */
  apply<I extends Tensors, O extends Record<string, Tensor>, A>(
    op: Op<I, O, A>,
    inputs: I,
    outputs: { readonly [K in keyof O]: TensorType },
    attributes: A,
  ): O;
}

/** A builder for the backward ops that knows the gradients so far. */
export interface Tape extends Builder {
  /** The sum of all gradients handed in for the tensor so far; undefined if the loss does not depend on it. */
  gradientOf(tensor: Tensor): Tensor | undefined;
  /** Whether anything trainable lies upstream: what needs no gradient should not be computed. */
  needsGradient(tensor: Tensor | undefined): tensor is Tensor;
  /** Adds a contribution, with an `add` op where there already is one. */
  addGradient(tensor: Tensor, contribution: Tensor): void;
  /**
   * Replaces the gradient so far by a total that already contains it: for kernels that take the sum so far
   * (`gradientOf`) as an input and add to it in one pass.
   */
  setGradient(tensor: Tensor, total: Tensor): void;
  /**
   * Where the gradient of a trainable tensor is collected. Kernels bind it 'update' and add when `run.accumulate` is
   * set or when `further` is true (an earlier kernel of this graph has already written to it); else they overwrite.
   */
  parameterGradient(parameter: Tensor): { readonly tensor: Tensor; readonly further: boolean };
}

/** Elements of a tensor when `rows` rows are in use. */
export function elements(shape: Shape, rows: number): number {
  return shape.reduce<number>((product, size) => product * (size === 'rows' ? rows : size), 1);
}

/** Elements of one row, or of a fixed shape's all dimensions but the first. */
export function rowElements(shape: Shape): number {
  return elements(shape.slice(1), 1);
}

export const f32 = (...shape: Dimension[]): TensorType => ({ type: 'f32', shape });
export const u32 = (...shape: Dimension[]): TensorType => ({ type: 'u32', shape });

export const read = (tensor: Tensor): Binding => ({ tensor, access: 'read' });
/** Reads one row of a table for each token row. */
export const lookUp = (table: Tensor): Binding => ({
  ...read(table),
  touches: (rows) => Math.min(rows * rowElements(table.shape), elements(table.shape, rows)) * 4,
});
export const write = (tensor: Tensor): Binding => ({ tensor, access: 'write' });
export const update = (tensor: Tensor): Binding => ({ tensor, access: 'update' });

/** Spreads `count` workgroups over x and y, since a dimension holds 65,535 at most; kernels use x + y * num_workgroups.x. */
export function spread(count: number, limit = 65535): Workgroups {
  if (count <= limit) return [count, 1, 1];
  const rowsOfGroups = Math.ceil(count / limit);
  return [Math.ceil(count / rowsOfGroups), rowsOfGroups, 1];
}
