import { alignUp } from '../core/align';
import { TunesmithError } from '../core/errors';
import { kaimingUniform, streamOf } from '../core/random';
import { PARAMETERS } from '../graph/differentiate';
import type { Trace } from '../graph/trace';
import type { LoraPair } from '../ops/linear';
import type { Tensor } from '../ops/op';
import type { LinearModule } from '../core/linear_modules';
import { linearShape, modulePath, type ModelSpec } from './spec';

/** Settings of an adapter, by PEFT's names. */
export interface LoraSettings {
  readonly r: number;
  readonly lora_alpha: number;
  readonly lora_dropout: number;
  readonly use_rslora: boolean;
  readonly target_modules: 'all-linear' | readonly string[];
}

/** One matrix of the adapter within the flat buffer of parameters. */
export interface AdapterMatrix {
  /** f32 elements from the flat buffer's start; a multiple of 64, so that a binding may begin there. */
  readonly offset: number;
  /** As PEFT stores it: A [r, in], B [out, r]. */
  readonly shape: readonly [rows: number, columns: number];
  /** As the kernels see it, the rank padded to a multiple of 4 with zeros. */
  readonly padded: readonly [rows: number, columns: number];
}

export interface AdapterModule {
  /** The module's path in the base model. */
  readonly path: string;
  readonly layer: number;
  readonly module: LinearModule;
  readonly A: AdapterMatrix;
  readonly B: AdapterMatrix;
}

/** Where every matrix of an adapter lies in the flat buffer, in the order of the forward pass. */
export interface AdapterLayout {
  readonly settings: LoraSettings;
  /** alpha / r, or alpha / √r with rsLoRA (Kalajdzievski 2023). */
  readonly scale: number;
  readonly modules: readonly AdapterModule[];
  /** f32 elements of the flat buffer. */
  readonly size: number;
  /** Trainable parameters, without padding. */
  readonly parameters: number;
}

/** The linear maps of a model that `target_modules` names. Throws `target_module_unknown`, naming those that it has. */
export function targetModules(
  { modules }: Pick<ModelSpec, 'modules'>,
  targets: LoraSettings['target_modules'],
): readonly LinearModule[] {
  if (targets === 'all-linear') return modules;
  const unknown = targets.find((name) => !modules.some((module) => module === name));
  if (unknown !== undefined || targets.length === 0) {
    throw new TunesmithError({
      code: 'target_module_unknown',
      message:
        unknown === undefined ? 'target_modules is empty.' : `target_modules: this model has no ${unknown}.`,
      hint: `Name some of ${modules.join(', ')}, or all-linear.`,
    });
  }
  return modules.filter((module) => targets.includes(module));
}

export function adapterLayout(spec: ModelSpec, settings: LoraSettings): AdapterLayout {
  const { r, lora_alpha, use_rslora } = settings;
  const rank = alignUp(r, 4);
  const targets = targetModules(spec, settings.target_modules);
  const modules: AdapterModule[] = [];
  let size = 0;
  let parameters = 0;
  const place = (shape: readonly [number, number], padded: readonly [number, number]): AdapterMatrix => {
    const offset = size;
    size += alignUp(padded[0] * padded[1], 64);
    parameters += shape[0] * shape[1];
    return { offset, shape, padded };
  };
  for (let layer = 0; layer < spec.layers; layer++) {
    for (const module of targets) {
      const [out, input] = linearShape(spec, module);
      const A = place([r, input], [rank, input]);
      const B = place([out, r], [out, rank]);
      modules.push({ path: modulePath(layer, module), layer, module, A, B });
    }
  }
  return {
    settings,
    scale: use_rslora ? lora_alpha / Math.sqrt(r) : lora_alpha / r,
    modules,
    size,
    parameters,
  };
}

/** PEFT's initialisation: A Kaiming-uniform with a = √5, B zero. Deterministic in the seed. */
export function initialAdapter(layout: AdapterLayout, seed: number): Float32Array<ArrayBuffer> {
  const flat = new Float32Array(layout.size);
  for (const { path, A } of layout.modules) {
    const [r, input] = A.shape;
    flat.set(kaimingUniform(r * input, input, seed, streamOf(`${path}.lora_A`)), A.offset);
  }
  return flat;
}

/** A matrix as PEFT stores it, out of the flat buffer. */
export function readMatrix(
  flat: Float32Array,
  { offset, shape, padded }: AdapterMatrix,
): Float32Array<ArrayBuffer> {
  const [rows, columns] = shape;
  const matrix = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const start = offset + row * padded[1];
    matrix.set(flat.subarray(start, start + columns), row * columns);
  }
  return matrix;
}

/** Puts a matrix as PEFT stores it into the flat buffer. */
export function writeMatrix(
  flat: Float32Array,
  { offset, shape, padded }: AdapterMatrix,
  matrix: Float32Array,
): void {
  const [rows, columns] = shape;
  for (let row = 0; row < rows; row++) {
    flat.set(matrix.subarray(row * columns, (row + 1) * columns), offset + row * padded[1]);
  }
}

/** An adapter's matrices as symbols of one trace. */
export class BoundAdapter {
  /** All matrices: what training wants gradients of. */
  readonly tensors: readonly Tensor[];
  readonly #pairs = new Map<string, LoraPair>();

  /** `train` switches the dropout on. */
  constructor(trace: Trace, layout: AdapterLayout, train: boolean) {
    const { lora_dropout: p } = layout.settings;
    const bind = (matrix: AdapterMatrix, name: string): Tensor =>
      trace.bound(PARAMETERS, 'f32', matrix.padded, matrix.offset * 4, name);
    for (const { path, A, B } of layout.modules) {
      this.#pairs.set(path, {
        A: bind(A, `${path}.lora_A`),
        B: bind(B, `${path}.lora_B`),
        scale: layout.scale,
        ...(train && p > 0 && { dropout: { p, stream: streamOf(`${path}.dropout`) } }),
      });
    }
    this.tensors = [...this.#pairs.values()].flatMap(({ A, B }) => [A, B]);
  }

  /** The pair beside a linear map, where the adapter has one. */
  pair(path: string): LoraPair | undefined {
    return this.#pairs.get(path);
  }
}
