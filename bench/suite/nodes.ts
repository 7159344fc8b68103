import { alignUp } from '../../src/core/align';
import type { Device } from '../../src/gpu/device';
import type { RunValues } from '../../src/gpu/run';
import { compile } from '../../src/graph/compile';
import { byteLength, plan, type Plan } from '../../src/graph/plan';
import type { Program } from '../../src/graph/program';
import { Trace, type TracedNode } from '../../src/graph/trace';
import type { Limits, Node, Tensor, TensorType } from '../../src/ops/op';
import type { SlotContent } from './contents';
import type { Filler } from './fill';
import { repeated } from './kernel';
import type { Measurement } from './measure';

/** One use of an op, under the name that its figure is to have. */
export interface NamedNode {
  readonly name: string;
  readonly traced: TracedNode;
}

export interface NodeMeasurement extends Measurement {
  readonly name: string;
  readonly flops: number;
  /** What the op must read and write at the least: each of its inputs and outputs once. */
  readonly bytes: number;
}

export interface NodeRequest {
  readonly nodes: readonly NamedNode[];
  readonly run: Partial<RunValues> & { readonly rows: number };
  readonly capacity: number;
  /** Of the bound slots; the others hold float32. */
  readonly contents: ReadonlyMap<string, SlotContent>;
}

/** Programs of single nodes, which share their memory. */
export interface NodePrograms {
  readonly measurements: readonly NodeMeasurement[];
  /** Why some could not be made. */
  readonly omitted: readonly string[];
  destroy(): void;
}

/**
 * Makes a program of each node, ready to be timed. Dispatches are those that the op has in a model's program; they are
 * timed one by one.
 */
export async function compileNodes(
  device: Device,
  filler: Filler,
  { nodes, run, capacity, contents }: NodeRequest,
): Promise<NodePrograms> {
  const { limits } = device;
  const planned: { readonly node: NamedNode; readonly plan: Plan }[] = [];
  const omitted: string[] = [];
  for (const node of nodes) {
    try {
      const keep = tensorsOf(node.traced.node);
      planned.push({ node, plan: plan(new Trace(), [node.traced], { capacity, limits, keep }) });
    } catch (error) {
      omitted.push(`${node.name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const owned: GPUBuffer[] = [];
  const buffer = async (label: string, bytes: number, content: SlotContent): Promise<GPUBuffer> => {
    const made = device.buffers.create('bench', label, bytes);
    owned.push(made);
    if (typeof content === 'string') await filler.fill(made, content);
    else device.buffers.write(made, content, 0);
    return made;
  };
  const programs: Program[] = [];
  const destroy = (): void => {
    for (const program of programs) program.destroy();
    for (const made of owned.splice(0)) device.buffers.destroy('bench', made);
  };
  try {
    const slots = largest(planned.map(({ plan: { slots } }) => slots));
    const buffers = new Map<string, GPUBuffer>();
    for (const [slot, bytes] of slots) {
      buffers.set(slot, await buffer(slot, alignUp(bytes, 4), contents.get(slot) ?? 'f32'));
    }
    const arenas: GPUBuffer[] = [];
    const sizes = largest(
      planned.map(({ plan }) => new Map(plan.arenas.map((bytes, i) => [String(i), bytes]))),
    );
    for (const [index, bytes] of sizes) arenas.push(await buffer(`arena ${index}`, bytes, 'f32'));
    const measurements: NodeMeasurement[] = [];
    for (const { node, plan } of planned) {
      const program = await compile(device, plan, { buffers, arenas, purpose: 'bench' });
      programs.push(program);
      const timed = await repeated(device, async (repeats, source) => {
        const { dispatches } = await program.profile(run, { source, repeats });
        return dispatches.reduce((sum, { seconds }) => sum + seconds, 0);
      });
      measurements.push({ ...timed, name: node.name, ...workOf(limits, node.traced, run.rows) });
    }
    return { measurements, omitted, destroy };
  } catch (error) {
    destroy();
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

/** Tables are looked up: one row of them for each row of the result. */
function touched({ op }: Node, key: string, tensor: Tensor, rows: number): number {
  const looksUp = (op.name === 'embedding' && /^weight/.test(key)) || key === 'table';
  const whole = byteLength(tensor, rows);
  if (!looksUp || tensor.shape[0] === undefined || tensor.shape[0] === 'rows') return whole;
  return whole * Math.min(1, rows / tensor.shape[0]);
}

function tensorsOf({ inputs, outputs }: Node): Tensor[] {
  return [...Object.values(inputs), ...Object.values(outputs)].filter((tensor) => tensor !== undefined);
}

function largest(sizes: readonly ReadonlyMap<string, number>[]): Map<string, number> {
  const result = new Map<string, number>();
  for (const some of sizes) {
    for (const [key, bytes] of some) result.set(key, Math.max(result.get(key) ?? 0, bytes));
  }
  return result;
}
