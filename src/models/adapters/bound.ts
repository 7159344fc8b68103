import { streamOf } from '../../core/random';
import { elementCount } from '../../core/shape';
import { PARAMETERS } from '../../graph/differentiate';
import type { Trace } from '../../graph/trace';
import { gatedActivation, type Activation } from '../../ops/gated_activation';
import { linear, type LinearInputs } from '../../ops/linear';
import { gatedLinears, linears, type LinearMap } from '../../ops/linears';
import type { Builder, Tensor } from '../../ops/op';
import type { DenseWeight } from '../../ops/weight';
import type { BoundModule, GenerationMap } from './kind';
import type { AdapterLayout, AdapterModule } from './layout';
import { wholeParts, type WholeTensor } from './whole';

/** The slot of the values that an adapter kind derives from the parts and the base. */
export const DERIVED = 'adapter_derived';
/** The slot of the frozen parts. */
export const FROZEN = 'adapter_frozen';

/** An adapter's parts as symbols of one trace. */
export class BoundAdapter {
  /** All trainable parts, for which training needs gradients. */
  readonly tensors: readonly Tensor[];
  readonly #modules = new Map<string, BoundModule>();
  readonly #whole = new Map<string, Tensor | DenseWeight>();

  /** @param train switches the dropout on */
  constructor(trace: Trace, { kind, modules, settings, whole }: AdapterLayout, train: boolean) {
    const { lora_dropout: p } = settings;
    const trained: Tensor[] = [];
    for (const { path, scale, tensors, frozen, derived } of modules) {
      const bound = (slot: string, parts: AdapterModule['tensors']): Record<string, Tensor> =>
        Object.fromEntries(
          parts.map(({ part, padded, offset, shared }) => [
            part,
            trace.bound(slot, 'f32', padded, offset * 4, shared ?? `${path}.${part}`),
          ]),
        );
      const own = bound(PARAMETERS, tensors);
      trained.push(...Object.values(own));
      this.#modules.set(path, {
        kind,
        settings,
        path,
        parts: { ...own, ...bound(FROZEN, frozen) },
        scale,
        ...(derived && {
          derived: trace.bound(DERIVED, 'f32', [derived.size], derived.offset * 4, `${path}.derived`),
        }),
        ...(train && p > 0 && { dropout: { p, stream: streamOf(`${path}.dropout`) } }),
      });
    }
    for (const tensor of whole) {
      const bound = boundWhole(trace, tensor);
      trained.push(...('kind' in bound ? bound.parts.map((part) => part.tensor) : [bound]));
      this.#whole.set(tensor.name, bound);
    }
    this.tensors = trained;
  }

  /** The adapter around a linear map, if it has one. */
  around(path: string): BoundModule | undefined {
    return this.#modules.get(path);
  }

  /** A tensor of the base that is trained itself, in place of the base's: a vector, or a matrix. */
  whole(name: string): Tensor | DenseWeight | undefined {
    return this.#whole.get(name);
  }
}

function boundWhole(trace: Trace, tensor: WholeTensor): Tensor | DenseWeight {
  const { name, shape, offset, kind } = tensor;
  if (kind === 'vector') return trace.bound(PARAMETERS, 'f32', [elementCount(shape)], offset * 4, name);
  const [out = 0, input = 1] = shape;
  const parts = wholeParts(tensor).map(({ firstRow, rows }) => ({
    firstRow,
    rows,
    tensor: trace.bound(
      PARAMETERS,
      'f32',
      [rows, input],
      (offset + firstRow * input) * 4,
      rows < out ? `${name}.${firstRow}` : name,
    ),
  }));
  return { kind: 'dense', name, format: 'f32', out, in: input, parts, isTrained: true };
}

/** A linear map and the adapter around it. */
export interface AdaptedMap extends Omit<LinearMap, 'lora'> {
  readonly adapter?: BoundModule;
}

/** y of one linear map, f32 [rows, out]. */
export function adaptedLinear(
  builder: Builder,
  { adapter, ...inputs }: AdaptedMap & Pick<LinearInputs, 'x' | 'residual'>,
): Tensor {
  return adapter ? adapter.kind.linear(builder, inputs, adapter) : linear(builder, inputs);
}

/** y of several linear maps of one x, f32 [rows, out] each. Not differentiated: for generation. */
export function adaptedLinears<Name extends string>(
  builder: Builder,
  x: Tensor,
  maps: Readonly<Record<Name, AdaptedMap>>,
): Readonly<Record<Name, Tensor>> {
  const adapted = mapValues(maps, inGeneration);
  const together = Object.entries<GenerationMap>(adapted).flatMap(([name, each]) =>
    'map' in each ? [[name, each.map] as const] : [],
  );
  const results: Readonly<Record<string, Tensor>> =
    together.length > 0 ? linears(builder, x, Object.fromEntries(together)) : {};
  return mapValues(adapted, (each, name) => {
    if ('alone' in each) return each.alone(builder, x);
    const result = results[name]!;
    return each.finish?.(builder, result, x) ?? result;
  });
}

/** act(gate x) ⊙ up x, f32 [rows, out]. Not differentiated: for generation. */
export function adaptedGate(
  builder: Builder,
  x: Tensor,
  maps: Readonly<Record<'gate' | 'up', AdaptedMap>>,
  options: { readonly activation: Activation },
): Tensor {
  const { gate, up } = mapValues(maps, inGeneration);
  if ('alone' in gate || 'alone' in up || gate.finish || up.finish) {
    return gatedActivation(builder, adaptedLinears(builder, x, maps), options);
  }
  return gatedLinears(builder, x, { gate: gate.map, up: up.map }, options);
}

function inGeneration({ adapter, ...map }: AdaptedMap): GenerationMap {
  return adapter ? adapter.kind.inGeneration(map, adapter) : { map };
}

function mapValues<Name extends string, T, U>(
  record: Readonly<Record<Name, T>>,
  of: (value: T, name: Name) => U,
): Record<Name, U> {
  return Object.fromEntries(
    Object.entries(record).map(([name, value]) => [name, of(value as T, name as Name)]),
  ) as Record<Name, U>;
}
