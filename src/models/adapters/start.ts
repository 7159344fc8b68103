import { TunesmithError } from '../../core/errors';
import type { LinearOperator } from '../../core/truncated_svd';
import { normal, streamOf } from '../../core/random';
import type { Limits } from '../../ops/op';
import { readRows, readVector, rowRuns } from '../base_rows';
import type { Model } from '../model';
import type { StoredWeights } from '../stored/stored_weight';
import { readUnquantized } from '../unquantized_rows';
import type { AdaptedShape, AdapterOrigin } from './kind';
import {
  adapterLayout,
  initialAdapter,
  partValues,
  writeParameter,
  type AdapterLayout,
  type AdapterModule,
  type AdapterState,
} from './layout';
import { baseProductsBytes, withBaseProducts } from './base_products';
import type { ModelSpec } from '../spec';

export interface StartRequest {
  readonly layout: AdapterLayout;
  readonly seed: number;
  /** How the model's own files store the weights; undefined if the files can no longer be read. */
  readonly stored?: StoredWeights;
  readonly onProgress?: (fraction: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * The initial values of a new adapter, deterministic in the seed, except for parts that start at derived values. Values
 * that the kind computes from the weights are computed one linear map after the other.
 *
 * @throws TunesmithError `tensor_values` naming a weight that is not finite; errors of reading and of the device; the
 *   signal's reason
 */
export async function computeStart(
  model: Model,
  { layout, seed, stored, onProgress, signal }: StartRequest,
): Promise<AdapterState> {
  const state = initialAdapter(layout, seed);
  await startWhole(model, { layout, stored, onProgress, signal }, state);
  const { origin } = layout.kind;
  if (!origin) return state;
  const request = {
    modules: layout.modules,
    blockOf: (shape: AdaptedShape) => origin.block(shape),
    rowsOf: (module: AdapterModule) =>
      origin.of === 'quantisation_error' ? errorRows(model, stored, module) : rowsOf(model, stored, module),
    ...{ onProgress, signal },
  };
  await withBaseProducts(model, request, (weight, module) =>
    startModule(weight, { module, layout, origin, seed }, state),
  );
  return state;
}

/** Copies the base's own values of the tensors that are trained themselves. */
async function startWhole(
  model: Model,
  {
    layout: { whole },
    stored,
    onProgress,
    signal,
  }: Pick<StartRequest, 'layout' | 'stored' | 'onProgress' | 'signal'>,
  { parameters }: AdapterState,
): Promise<void> {
  for (const [done, { name, kind, shape, offset }] of whole.entries()) {
    onProgress?.(done / whole.length);
    if (kind === 'vector') {
      parameters.set(finite(await readVector(model, name), name), offset);
      continue;
    }
    const [out = 0, input = 1] = shape;
    for (const run of rowRuns(out, input)) {
      signal?.throwIfAborted();
      const rows = await readUnquantized(model, stored, name, run);
      parameters.set(finite(rows, name), offset + run.first * input);
    }
  }
}

function finite(values: Float32Array, name: string): Float32Array {
  if (!values.every(Number.isFinite)) throw notFinite(name);
  return values;
}

/** Most bytes that `computeStart` takes on the device; it frees them before training. */
export function startBytes(layout: AdapterLayout, limits: Limits): number {
  const { origin } = layout.kind;
  if (!origin) return 0;
  return baseProductsBytes(layout.modules, (shape) => origin.block(shape), limits);
}

/** The plain adapter that computes the same as a trained one; the same adapter if its kind is plain. */
export function plainAdapter(
  spec: ModelSpec,
  layout: AdapterLayout,
  state: AdapterState,
): AdapterState & { readonly layout: AdapterLayout } {
  const { plain } = layout.kind;
  if (!plain) return { layout, ...state };
  const other = adapterLayout(spec, plain.settings(layout.settings));
  const parameters = new Float32Array(other.size);
  layout.modules.forEach((module, index) => {
    const values = plain.parts({ ...module, parts: partValues(module, state) });
    for (const tensor of other.modules[index]!.tensors) {
      writeParameter(parameters, tensor, values[tensor.part]!);
    }
  });
  return { layout: other, parameters, frozen: new Float32Array(other.frozenSize) };
}

interface ModuleStart extends Pick<StartRequest, 'layout' | 'seed'> {
  readonly module: AdapterModule;
  readonly origin: AdapterOrigin;
}

async function startModule(
  weight: LinearOperator,
  { module, layout, origin, seed }: ModuleStart,
  { parameters, frozen }: AdapterState,
): Promise<void> {
  const { path } = module;
  const stream = streamOf(`${path}.start`);
  const random = (count: number): Float64Array =>
    Float64Array.from({ length: count }, (_, index) => normal(seed, stream, index));
  const values = await origin.start(weight, module, layout.settings, random);
  const put = (flat: Float32Array, tensor: AdapterModule['frozen'][number]): void => {
    if (tensor.start !== 'weight') return;
    const part = values[tensor.part];
    if (!part) throw new Error(`this kind of adapter has no start of ${tensor.part}`);
    if (!part.every(Number.isFinite)) throw notFinite(path);
    writeParameter(flat, tensor, part);
  };
  for (const tensor of module.tensors) put(parameters, tensor);
  for (const tensor of module.frozen) put(frozen, tensor);
}

async function* rowsOf(
  model: Model,
  stored: StoredWeights | undefined,
  { path, out, in: input }: AdapterModule,
): AsyncGenerator<Float32Array<ArrayBuffer>, void, void> {
  for (const run of rowRuns(out, input)) yield await readUnquantized(model, stored, `${path}.weight`, run);
}

/** Rows of the weight minus its quantised form. */
async function* errorRows(
  model: Model,
  stored: StoredWeights | undefined,
  { path, out, in: input }: AdapterModule,
): AsyncGenerator<Float32Array<ArrayBuffer>, void, void> {
  for (const run of rowRuns(out, input)) {
    const whole = await readUnquantized(model, stored, `${path}.weight`, run);
    const quantised = await readRows(model, `${path}.weight`, run);
    yield whole.map((value, i) => value - quantised[i]!);
  }
}

function notFinite(path: string): TunesmithError {
  return new TunesmithError({ code: 'tensor_values', values: { name: path, start: true } });
}
