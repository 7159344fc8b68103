import type { Device } from '../../src/gpu/device';
import type { RunValues } from '../../src/gpu/run';
import { byteLength, plan, type Plan } from '../../src/graph/plan';
import { Trace, type TracedNode } from '../../src/graph/trace';
import type { Limits, Node, Tensor, TensorType } from '../../src/ops/op';
import type { SlotContent } from './contents';
import type { Filler } from './fill';
import { fit } from './fit';
import { repeated } from './kernel';
import type { Measurement } from './measure';
import { compilePlans } from './programs';

/** One use of an op, with the name of its figure. */
export interface NamedNode {
  readonly name: string;
  readonly traced: TracedNode;
}

export interface NodeMeasurement extends Measurement {
  readonly name: string;
  readonly kernels: string;
  readonly flops: number;
  /** Bytes that the op must read and write at least: each of its inputs and outputs once. */
  readonly bytes: number;
}

export interface NodeRequest {
  readonly nodes: readonly NamedNode[];
  readonly run: Partial<RunValues> & { readonly rows: number };
  readonly capacity: number;
  /** The contents of bound slots; the others hold float32. */
  readonly contents: ReadonlyMap<string, SlotContent>;
}

/** Programs of single nodes that share their memory. */
export interface NodePrograms {
  readonly measurements: readonly NodeMeasurement[];
  /** Reasons why some could not be made. */
  readonly omitted: readonly string[];
  destroy(): void;
}

/**
 * Makes a program of each node, ready to be timed. It times the same dispatches that the op has in a model's program,
 * one by one.
 */
export async function compileNodes(
  device: Device,
  filler: Filler,
  { nodes, run, capacity, contents }: NodeRequest,
): Promise<NodePrograms> {
  const { limits } = device;
  const omitted = new Set<string>();
  const planned = (): { readonly node: NamedNode; readonly plan: Plan }[] =>
    nodes.flatMap((node) => {
      try {
        const keep = tensorsOf(node.traced.node);
        return [{ node, plan: plan(new Trace(), [node.traced], { capacity, limits, keep }) }];
      } catch (error) {
        omitted.add(`${node.name}: ${error instanceof Error ? error.message : String(error)}`);
        return [];
      }
    });
  await fit(device, () => planned().map((one) => ({ plan: one.plan, past: run.past })));
  const chosen = planned();
  const plans = chosen.map((one) => one.plan);
  const compiled = await compilePlans(device, filler, plans, contents);
  try {
    const measurements: NodeMeasurement[] = [];
    for (const [index, { node, plan }] of chosen.entries()) {
      const program = compiled.programs[index]!;
      const timed = await repeated(device, async (repeats, source) => {
        const { dispatches } = await program.profile(run, { source, repeats });
        return dispatches.reduce((sum, { seconds }) => sum + seconds, 0);
      });
      const kernels = [...new Set(plan.dispatches.map(({ kernel }) => kernel))].join(', ');
      measurements.push({ ...timed, name: node.name, kernels, ...workOf(limits, node.traced, run.rows) });
    }
    return { measurements, omitted: [...omitted], destroy: () => compiled.destroy() };
  } catch (error) {
    compiled.destroy();
    throw error;
  }
}

/** Floating-point operations of a node's dispatches, and the bytes that it must move. */
export function workOf(limits: Limits, { node }: TracedNode, rows: number): { flops: number; bytes: number } {
  const temporary = (name: string, type: TensorType): Tensor => new Trace().planned(name, type);
  const dispatches = node.op.lower(node, { limits, capacity: rows, temporary });
  const flops = dispatches.reduce((sum, { flops: of }) => sum + (of?.(rows) ?? 0), 0);
  const bytes = Object.entries({ ...node.inputs, ...node.outputs }).reduce(
    (sum, [key, tensor]) => sum + (tensor ? touched(node, key, tensor, rows) : 0),
    0,
  );
  return { flops, bytes };
}

/** Elements that an op reads: of a table, only one row for each row of the result. */
function touched({ op }: Node, key: string, tensor: Tensor, rows: number): number {
  const looksUp = (op.name === 'embedding' && /^weight/.test(key)) || key === 'table';
  const whole = byteLength(tensor, rows);
  if (!looksUp || tensor.shape[0] === undefined || tensor.shape[0] === 'rows') return whole;
  return whole * Math.min(1, rows / tensor.shape[0]);
}

function tensorsOf({ inputs, outputs }: Node): Tensor[] {
  return [...Object.values(inputs), ...Object.values(outputs)].filter((tensor) => tensor !== undefined);
}
