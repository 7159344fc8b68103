import { choose } from './choice';
import { applyGate, type Activation } from './gated_activation';
import type { LinearInputs } from './linear';
import {
  f32,
  rowElements,
  type Builder,
  type Dispatch,
  type Lowering,
  type Tensor,
  type Tensors,
  defineOp,
} from './op';
import type { ForwardRequest } from './products/algorithm';
import { wholeWeight } from './products/dense_parts';
import { matmul, matmulAfterZ } from './products/products';
import { rowSiblings } from './products/row_siblings';
import { weightTensors } from './weight';

/** One of several linear maps of the same x; a LoRA pair has no dropout. */
export type LinearMap = Pick<LinearInputs, 'weight' | 'bias' | 'lora'>;

type LinearMaps<Name extends string = string> = Readonly<Record<Name, LinearMap>>;

interface Attributes {
  /** Results are named as their maps. */
  readonly maps: LinearMaps;
  /** The first of two maps gates the second. */
  readonly activation?: Activation;
}

interface Inputs extends Tensors {
  readonly x: Tensor;
}

const definition = defineOp<Inputs, Record<string, Tensor>, Attributes>({
  name: 'linears',
  lower({ inputs: { x }, outputs, attributes: { maps, activation } }, lowering) {
    const requests = Object.entries(maps).map(([name, { weight, bias, lora }]): ForwardRequest => {
      const z = lora && lowering.temporary('z', f32('rows', rowElements(lora.B.shape)));
      const y = outputs[name] ?? lowering.temporary(name, f32('rows', weight.out));
      return { x, y, weight, bias, lora: lora && z && { ...lora, z } };
    });
    const { y } = outputs;
    const gated = activation && y && { activation, y };
    const [gate, up] = requests;
    const combine =
      gated && gate && up
        ? applyGate(lowering, { gate: gate.y, up: up.y, y: gated.y }, gated.activation)
        : [];
    if (!isTogether(lowering, requests)) {
      return [...requests.flatMap((request) => matmul(lowering, request)), ...combine];
    }
    const one = gated && rowSiblings(lowering, { requests, gated });
    return [
      ...grouped(lowering, zRequests(requests)),
      ...(one ? [one] : [...grouped(lowering, requests), ...combine]),
    ];
  },
});

/** Whether to take one dispatch for several products: where that is possible, a GPU's default. */
function isTogether(lowering: Lowering, requests: readonly ForwardRequest[]): boolean {
  const pairs = [requests, zRequests(requests)].flatMap((products) =>
    products.map((_, first) => products.slice(first, first + 2)),
  );
  if (!pairs.some((pair) => rowSiblings(lowering, { requests: pair }))) return false;
  const shapes = requests.map(({ weight }) => {
    const format = weight.kind === 'dense' ? weight.format : weight.packing.format;
    return `${format} ${weight.in}→${weight.out}`;
  });
  const { software, choose: chooser } = lowering.limits;
  const candidates = software ? ['apart', 'together'] : ['together', 'apart'];
  const shape = `${shapes.join(', ')}${requests.some(({ lora }) => lora) ? ', LoRA' : ''}`;
  return choose(chooser, { op: 'linears', shape, candidates, plain: 'apart' }) === 'together';
}

/** The products z = x Aᵀ, which come first for products with LoRA pairs. */
function zRequests(requests: readonly ForwardRequest[]): readonly ForwardRequest[] {
  return requests.flatMap(({ x, lora }) => (lora ? [{ x, y: lora.z, weight: wholeWeight(lora.A) }] : []));
}

/** As many of the products together as one dispatch can hold; z of LoRA pairs is there already. */
function grouped(lowering: Lowering, requests: readonly ForwardRequest[]): Dispatch[] {
  const dispatches: Dispatch[] = [];
  for (let first = 0; first < requests.length;) {
    let end = requests.length;
    let group: Dispatch | undefined;
    while (!(group = rowSiblings(lowering, { requests: requests.slice(first, end) })) && end > first + 1)
      end--;
    dispatches.push(...(group ? [group] : matmulAfterZ(lowering, requests[first]!)));
    first = end;
  }
  return dispatches;
}

/** y = x Wᵀ + bias + scale · x Aᵀ Bᵀ for each of the maps, f32 [rows, out]. Not differentiated: for generation. */
export function linears<Name extends string>(
  builder: Builder,
  x: Tensor,
  maps: LinearMaps<Name>,
): Readonly<Record<Name, Tensor>> {
  const names = Object.keys(maps) as Name[];
  const outputs = names.map((name) => [name, f32('rows', maps[name].weight.out)] as const);
  return builder.apply(definition, { x, ...tensorsOf(maps) }, Object.fromEntries(outputs), {
    maps,
  }) as Record<Name, Tensor>;
}

/** act(gate x) ⊙ up x, of two such maps of as many columns, f32 [rows, out]. Not differentiated: for generation. */
export function gatedLinears(
  builder: Builder,
  x: Tensor,
  maps: LinearMaps<'gate' | 'up'>,
  { activation }: { readonly activation: Activation },
): Tensor {
  const { gate, up } = maps;
  const outputs = { y: f32('rows', gate.weight.out) };
  const attributes = { maps: { gate, up }, activation };
  return builder.apply(definition, { x, ...tensorsOf(maps) }, outputs, attributes).y!;
}

function tensorsOf(maps: LinearMaps): Tensors {
  const entries = Object.entries(maps).flatMap(([map, { weight, bias, lora }]) =>
    Object.entries({ bias, A: lora?.A, B: lora?.B, ...weightTensors(weight) }).map(
      ([name, tensor]) => [`${map}.${name}`, tensor] as const,
    ),
  );
  return Object.fromEntries(entries);
}
