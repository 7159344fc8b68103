import { alignUp } from '../core/align';
import { TunesmithError } from '../core/errors';
import { choose, type Choice, type Chooser } from '../ops/choice';
import { elements, type Binding, type Dispatch, type Limits, type Tensor } from '../ops/op';
import { placeTensors, type Lifetime, type Placement } from './place';
import type { Trace, TracedNode } from './trace';

export interface PlanRequest {
  /** The most token rows that a run may have. */
  readonly capacity: number;
  readonly limits: Limits;
  /** Planned tensors to be read after a run; their bytes are left alone until its end. */
  readonly keep?: readonly Tensor[];
  /** Planned tensors that are filled before a run: no other one may lie there until they are read. */
  readonly given?: readonly Tensor[];
}

/** A choice between algorithms that an op made while it was lowered, with the dispatches of every candidate. */
export interface PlannedChoice {
  readonly choice: Choice;
  readonly origin: TracedNode;
  /** All dispatches of the op's node. */
  readonly lower: (choose: Chooser) => readonly Dispatch[];
}

/** A program's dispatches and memory, known before anything is allocated. */
export interface Plan {
  readonly capacity: number;
  readonly dispatches: readonly Dispatch[];
  /** The node of each dispatch. */
  readonly origins: readonly TracedNode[];
  readonly placements: ReadonlyMap<Tensor, Placement>;
  /** Bytes of each arena. */
  readonly arenas: readonly number[];
  /** The least size of each bound slot's buffer, in bytes. */
  readonly slots: ReadonlyMap<string, number>;
  /** In the order in which the ops make them; a choice may occur many times. */
  readonly plannedChoices: readonly PlannedChoice[];
}

/** Bindings start at multiples of this (WebGPU's default `minStorageBufferOffsetAlignment`). */
export const ALIGNMENT = 256;

/**
 * Lowers the nodes to dispatches and gives every planned tensor an arena and an offset for its lifetime. Throws
 * `tensor_exceeds_binding` if a kernel would bind, or a buffer hold, more than the device allows.
 */
export function plan(trace: Trace, nodes: readonly TracedNode[], request: PlanRequest): Plan {
  const { capacity, limits } = request;
  const temporary = trace.planned.bind(trace);
  const dispatches: Dispatch[] = [];
  const origins: TracedNode[] = [];
  const plannedChoices: PlannedChoice[] = [];
  for (const origin of nodes) {
    const { op } = origin.node;
    const lower = (chooser: Chooser): readonly Dispatch[] =>
      op.lower(origin.node, { limits: { ...limits, choose: chooser }, capacity, temporary });
    const ask: Chooser = (choice) => {
      if (choice.candidates.length > 1) plannedChoices.push({ choice, origin, lower });
      return choose(limits.choose, choice);
    };
    for (const dispatch of lower(ask)) {
      dispatches.push(dispatch);
      origins.push(origin);
    }
  }
  return { ...planDispatches(dispatches, request), origins, plannedChoices };
}

/** The plan of dispatches that are written out already. Throws as `plan`. */
export function planDispatches(
  dispatches: readonly Dispatch[],
  { capacity, limits, keep = [], given = [] }: PlanRequest,
): Omit<Plan, 'origins' | 'plannedChoices'> {
  const lifetimes = new Map<Tensor, Lifetime>();
  const slots = new Map<string, number>();
  dispatches.forEach((dispatch, time) => {
    for (const binding of dispatch.bindings) {
      const { tensor } = binding;
      checkBinding(dispatch, binding, capacity, limits);
      if (tensor.storage.kind === 'bound') {
        const end = tensor.storage.offset + byteLength(tensor, capacity);
        slots.set(tensor.storage.slot, Math.max(slots.get(tensor.storage.slot) ?? 0, end));
        continue;
      }
      const known = lifetimes.get(tensor);
      if (known) known.last = time;
      else
        lifetimes.set(tensor, {
          first: time,
          last: time,
          bytes: alignUp(byteLength(tensor, capacity), ALIGNMENT),
        });
    }
  });
  for (const tensor of given) {
    const lifetime = lifetimes.get(tensor);
    if (lifetime) lifetime.first = 0;
  }
  for (const tensor of keep) {
    const lifetime = lifetimes.get(tensor);
    if (lifetime) lifetime.last = dispatches.length;
  }
  const { placements, arenas } = placeTensors(lifetimes, dispatches, limits.maxBufferSize);
  return { capacity, dispatches, placements, arenas, slots };
}

/**
 * The nodes of a trace up to the last one that writes into a bound buffer. A pass that only fills these buffers needs no
 * others. The dispatches tell which nodes write.
 */
export function untilLastKept(
  trace: Trace,
  { capacity, limits }: Pick<PlanRequest, 'capacity' | 'limits'>,
): readonly TracedNode[] {
  const temporary = trace.planned.bind(trace);
  const last = trace.nodes.findLastIndex(({ node }) =>
    node.op
      .lower(node, { limits, capacity, temporary })
      .some(({ bindings }) =>
        bindings.some(({ tensor, access }) => access !== 'read' && tensor.storage.kind === 'bound'),
      ),
  );
  return trace.nodes.slice(0, last + 1);
}

/** Bytes of a tensor when `rows` rows are in use. */
export function byteLength(tensor: Tensor, rows: number): number {
  return elements(tensor.shape, rows) * 4;
}

function checkBinding(dispatch: Dispatch, binding: Binding, capacity: number, limits: Limits): void {
  const whole = byteLength(binding.tensor, capacity);
  const bytes = binding.size ?? whole - (binding.offset ?? 0);
  const bound = bytes <= limits.maxStorageBufferBindingSize;
  // A tensor bound in windows still lies in one buffer.
  if (bound && (binding.tensor.storage.kind === 'bound' || whole <= limits.maxBufferSize)) return;
  const [needed, allowed] = bound
    ? [whole, limits.maxBufferSize]
    : [bytes, limits.maxStorageBufferBindingSize];
  throw new TunesmithError({
    code: 'tensor_exceeds_binding',
    values: { tokens: capacity, bytes: needed, most: allowed },
    detail: `${binding.tensor.name}, kernel ${dispatch.kernel}`,
  });
}
