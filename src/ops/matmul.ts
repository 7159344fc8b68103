import { TunesmithError } from '../core/errors';
import type { ShaderConstants } from '../gpu/shaders';
import {
  read,
  rowElements,
  update,
  write,
  type Binding,
  type Dispatch,
  type Lowering,
  type Tensor,
} from './op';
import { readPacked } from './packings/packed';
import type { DenseFormat, PackedWeight, WeightPart } from './weight';

/** Token rows of a thread in the products' kernels. */
const ROWS_OF_THREAD = 8;
/** Threads of a workgroup in the products' kernels. */
const THREADS = 64;
/** The same where there is one row: few, so that a narrow product still fills the device. */
const ROW_THREADS = 16;

/** Token rows first … first + count - 1; `first` is a multiple of 64, so that bindings at it are aligned. */
export interface RowWindow {
  readonly first: number;
  readonly count: number;
}

/** Rows that one thread of a gradient adds up; more are split into chunks, for the device has threads to spare. */
const CHUNK_ROWS = 256;

/**
 * The token rows in windows so small that each of the tensors [rows, …] fits a binding; one that is undefined where they
 * fit as they are.
 */
export function rowWindows(
  { limits, capacity }: Lowering,
  tensors: readonly (Tensor | undefined)[],
): readonly (RowWindow | undefined)[] {
  const widest = tensors.reduce((most, tensor) => Math.max(most, tensor ? rowElements(tensor.shape) : 0), 1);
  const rowBytes = widest * 4;
  if (rowBytes * capacity <= limits.maxStorageBufferBindingSize) return [undefined];
  const fitting = Math.floor(limits.maxStorageBufferBindingSize / rowBytes / CHUNK_ROWS) * CHUNK_ROWS;
  const most = Math.max(fitting, CHUNK_ROWS);
  return Array.from({ length: Math.ceil(capacity / most) }, (_, index) => {
    const first = index * most;
    return { first, count: Math.min(most, capacity - first) };
  });
}

/** The mask on a LoRA pair's input; see shaders/lib/dropout.wgsl. */
export interface Dropout {
  readonly p: number;
  readonly stream: number;
}

interface Product {
  readonly weight: { readonly format: DenseFormat; readonly in: number };
  readonly part: WeightPart;
  /** Restricts to some token rows: full tensors are bound from there on, scratch tensors from their start. */
  readonly window?: RowWindow;
}

export interface MatmulRequest extends Omit<Product, 'weight'> {
  readonly weight: Product['weight'] | PackedWeight;
  readonly x: Tensor;
  /** Row stride and first column are its own unless it is wider than the part: columns part.firstRow … */
  readonly y: Tensor;
  /** y holds the window's rows only. */
  readonly scratch?: boolean;
  readonly dropout?: Dropout;
  readonly bias?: Tensor;
  readonly lora?: { readonly z: Tensor; readonly B: Tensor; readonly scale: number };
  readonly residual?: Tensor;
}

/**
 * y[m, part.firstRow + n] = Σ_k x[m, k] W[n, k] (+ bias) (+ scale · z Bᵀ) (+ residual), in float32.
 * x [rows, in], W the part's rows of [out, in], y [rows, ≥ out, a multiple of 4].
 */
export function matmul(lowering: Lowering, request: MatmulRequest): Dispatch {
  const { x, y, weight, part, window, scratch, dropout, bias, lora, residual } = request;
  checkVectors(weight.in, 'input size');
  const bindings: Binding[] = [windowed(read(x), window), read(part.tensor)];
  bindings.push(scratch ? write(y) : windowed(write(y), window));
  const reader =
    'format' in weight
      ? { constants: weightConstants(weight.format, 2), overrides: {} }
      : readPacked(weight, 2, bindings);
  const constants: Record<string, number | boolean> = { ...reader.constants };
  // Decoding: the other seven rows of a thread would repeat the one.
  const oneRow = lowering.capacity === 1;
  if (oneRow) constants['ONE_ROW'] = true;
  const out4 = Math.ceil(part.rows / 4);
  if (bias) {
    constants['BIAS'] = true;
    constants['BIAS_BINDING'] = bindings.push({
      ...read(bias),
      offset: part.firstRow * 4,
      size: part.rows * 4,
    });
  }
  if (lora) {
    const rank = rowElements(lora.B.shape);
    const B: Binding = { ...read(lora.B), offset: part.firstRow * rank * 4, size: part.rows * rank * 4 };
    constants['LORA'] = true;
    constants['LORA_BINDING'] = bindings.push(windowed(read(lora.z), window));
    bindings.push(B);
  }
  if (residual) {
    constants['RESIDUAL'] = true;
    constants['RESIDUAL_BINDING'] = bindings.push(windowed(read(residual), window));
  }
  const masked = masking(dropout, bindings, window);
  Object.assign(constants, masked.constants);
  return {
    kernel: 'matmul',
    constants,
    overrides: {
      ...reader.overrides,
      in4: weight.in / 4,
      out: part.rows,
      y_stride4: rowElements(y.shape) / 4,
      y_column4: part.firstRow / 4,
      ...(lora && { rank4: rowElements(lora.B.shape) / 4, lora_scale: lora.scale }),
      ...windowOverrides(window),
      ...masked.overrides,
      ...threads(out4, oneRow),
    },
    bindings,
    words: masked.words,
    workgroups: groups(lowering, out4, window, oneRow),
    flops: (rows) => 2 * rowsIn(rows, window) * part.rows * weight.in,
  };
}

export interface TransposedRequest extends Product {
  /** Columns part.firstRow … are read where it is wider than the part. */
  readonly dy: Tensor;
  /** dy holds the window's rows only. */
  readonly scratch?: boolean;
  readonly dx: Tensor;
  /** Adds to what dx holds already: for the second and further parts of a split weight. */
  readonly add?: boolean;
  readonly scale?: number;
  readonly lora?: { readonly dz: Tensor; readonly A: Tensor; readonly dropout?: Dropout };
  readonly soFar?: Tensor;
}

/**
 * dx[m, k] = scale · Σ_n dy[m, part.firstRow + n] W[n, k] (+ dropout(dz A)) (+ so far), in float32.
 * dy [rows, ≥ out], W the part's rows of [out, in], dx [rows, in].
 */
export function matmulTransposed(lowering: Lowering, request: TransposedRequest): Dispatch {
  const { dy, dx, weight, part, window, scratch, add, scale = 1, lora, soFar } = request;
  checkVectors(weight.in, 'input size');
  const bindings: Binding[] = [scratch ? read(dy) : windowed(read(dy), window), read(part.tensor)];
  bindings.push(windowed(add ? update(dx) : write(dx), window));
  const constants: Record<string, number | boolean> = { ...weightConstants(weight.format, 2) };
  if (lora) {
    constants['LORA'] = true;
    constants['LORA_BINDING'] = bindings.push(windowed(read(lora.dz), window));
    bindings.push(read(lora.A));
  }
  if (soFar) {
    constants['SO_FAR'] = true;
    constants['SO_FAR_BINDING'] = bindings.push(windowed(read(soFar), window));
  }
  if (add) constants['ADD'] = true;
  const masked = masking(lora?.dropout, bindings, window);
  Object.assign(constants, masked.constants);
  return {
    kernel: 'matmul_transposed',
    constants,
    overrides: {
      in4: weight.in / 4,
      out: part.rows,
      dy_stride4: rowElements(dy.shape) / 4,
      dy_column4: part.firstRow / 4,
      scale,
      ...(lora && { rank4: rowElements(lora.dz.shape) / 4 }),
      ...windowOverrides(window),
      ...masked.overrides,
      ...threads(weight.in / 4),
    },
    bindings,
    words: masked.words,
    workgroups: groups(lowering, weight.in / 4, window),
    flops: (rows) => 2 * rowsIn(rows, window) * part.rows * weight.in,
  };
}

export interface GradientRequest {
  readonly dy: Tensor;
  readonly x: Tensor;
  /** [out, in], in the slot of the gradients; see Tape.parameterGradient. */
  readonly gradient: { readonly tensor: Tensor; readonly further: boolean };
  readonly scale?: number;
  readonly dropout?: Dropout;
}

/** gradient[n, k] (+)= scale · Σ_m dy[m, n] dropout(x)[m, k], in float32 and in a fixed order. */
export function matmulGradient(lowering: Lowering, request: GradientRequest): Dispatch[] {
  const { dy, x, gradient, scale = 1, dropout } = request;
  const outSize = rowElements(dy.shape);
  const inSize = rowElements(x.shape);
  checkVectors(outSize, 'output size');
  checkVectors(inSize, 'input size');
  const chunks = Math.ceil(lowering.capacity / CHUNK_ROWS);
  const alwaysAdd = { ALWAYS_ADD: gradient.further };
  const shape = threads(inSize / 4);
  const product = (target: Binding, constants: ShaderConstants, window?: RowWindow): Dispatch => {
    const bindings = [windowed(read(dy), window), windowed(read(x), window), target];
    const masked = masking(dropout, bindings, window);
    // Where there are no rows at all, the gradient is still to be set.
    const least = window && window.first > 0 ? 0 : 1;
    return {
      kernel: 'matmul_gradient',
      constants: { ...constants, ...masked.constants },
      overrides: {
        in4: inSize / 4,
        out4: outSize / 4,
        scale,
        chunk_rows: CHUNK_ROWS,
        ...(window && { first_row: window.first }),
        ...masked.overrides,
        ...shape,
      },
      bindings,
      words: masked.words,
      workgroups: (rows) => [
        Math.ceil(inSize / 4 / shape.threads_x),
        Math.ceil(outSize / 4 / shape.threads_y),
        Math.max(least, Math.ceil(rowsIn(rows, window) / CHUNK_ROWS)),
      ],
      flops: (rows) => 2 * rowsIn(rows, window) * outSize * inSize,
    };
  };
  if (chunks === 1) return [product(update(gradient.tensor), alwaysAdd)];
  const partials = lowering.temporary('partial_gradients', { type: 'f32', shape: [chunks, outSize, inSize] });
  const size4 = (outSize * inSize) / 4;
  return [
    ...rowWindows(lowering, [dy, x]).map((window) => product(write(partials), { PARTIAL: true }, window)),
    {
      kernel: 'sum_partials',
      constants: alwaysAdd,
      overrides: { size4, chunk_rows: CHUNK_ROWS },
      bindings: [read(partials), update(gradient.tensor)],
      workgroups: () => [Math.min(65535, Math.ceil(size4 / 64)), Math.ceil(size4 / 64 / 65535), 1],
    },
  ];
}

/** The constants that shaders/lib/dense_weight.wgsl wants. */
export function weightConstants(format: DenseFormat, binding: number): ShaderConstants {
  return { WEIGHT_BINDING: binding, [`WEIGHT_${format.toUpperCase()}`]: true };
}

/** The binding of a [rows, …] tensor from the window's first row on. */
export function windowed(binding: Binding, window: RowWindow | undefined): Binding {
  if (!window) return binding;
  const row = rowElements(binding.tensor.shape) * 4;
  return { ...binding, offset: window.first * row, size: window.count * row };
}

function windowOverrides(window: RowWindow | undefined): Record<string, number> {
  return window ? { max_rows: window.count } : {};
}

/** What a dispatch with these bindings needs for shaders/lib/dropout.wgsl. */
function masking(
  dropout: Dropout | undefined,
  bindings: readonly Binding[],
  window: RowWindow | undefined,
): Required<Pick<Dispatch, 'constants' | 'overrides'>> & Pick<Dispatch, 'words'> {
  if (!dropout) return { constants: {}, overrides: {} };
  return {
    constants: { DROPOUT: true, DROPOUT_BINDING: bindings.length + 1 },
    overrides: { dropout_p: dropout.p },
    words: [dropout.stream, window?.first ?? 0],
  };
}

/** How many of so many token rows are in the window. */
export function rowsIn(rows: number, window: RowWindow | undefined): number {
  return window ? Math.min(Math.max(rows - window.first, 0), window.count) : rows;
}

/** A narrow result gets a narrow and tall workgroup, so that few threads idle. */
function threads(columns4: number, oneRow = false): { threads_x: number; threads_y: number } {
  if (oneRow) return { threads_x: ROW_THREADS, threads_y: 1 };
  const x = columns4 >= 8 ? 8 : columns4 >= 4 ? 4 : columns4 >= 2 ? 2 : 1;
  return { threads_x: x, threads_y: THREADS / x };
}

function groups(
  { limits }: Lowering,
  columns4: number,
  window: RowWindow | undefined,
  oneRow = false,
): (rows: number) => readonly [number, number, number] {
  const { threads_x, threads_y } = threads(columns4, oneRow);
  const x = Math.ceil(columns4 / threads_x);
  return (rows) => {
    const y = Math.ceil(rowsIn(rows, window) / (ROWS_OF_THREAD * threads_y));
    const most = limits.maxComputeWorkgroupsPerDimension;
    if (x > most || y > most) throw new Error(`a product of ${x} by ${y} workgroups exceeds ${most}`);
    return [x, y, 1];
  };
}

function checkVectors(size: number, what: string): void {
  if (size % 4 === 0) return;
  throw new TunesmithError({
    code: 'size_not_multiple_of_4',
    message: `This model has a layer whose ${what} is ${size}, which is no multiple of 4.`,
    hint: 'Choose a model with ordinary layer sizes.',
  });
}
