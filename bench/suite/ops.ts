import { DEFAULTS } from '../../src/core/settings/settings';
import type { Device } from '../../src/gpu/device';
import type { TracedNode } from '../../src/graph/trace';
import { planGeneration } from '../../src/models/generation_graph';
import { planMicroBatch, planOptimizer } from '../../src/models/training_graph';
import { inputContents, randomBatch, weightContents, type SlotContent } from './contents';
import type { Filler } from './fill';
import { layoutsOf, type ModelName } from './models';
import { compileNodes, workOf, type NamedNode, type NodePrograms } from './nodes';

export interface OpsRequest {
  readonly model: ModelName;
  readonly tokens: number;
  /** Ops of more floating-point operations are left out. */
  readonly mostFlops: number;
}

/** Number of blocks from which ops are taken: the first block lacks gradients, because nothing below it needs them. */
const LAYERS = 2;

/**
 * Measures every op of a model's training step, forward and backward, and of decoding a token, once each at the model's
 * sizes. The ops come from the programs of training and chat, so that none is forgotten.
 */
export async function modelOps(
  device: Device,
  filler: Filler,
  { model, tokens, mostFlops }: OpsRequest,
): Promise<NodePrograms> {
  const { limits } = device;
  const whole = layoutsOf(model, limits.maxStorageBufferBindingSize);
  const short = layoutsOf(model, limits.maxStorageBufferBindingSize, LAYERS);
  const training = { capacity: tokens, limits, settings: { ...DEFAULTS, gradient_checkpointing: false } };
  const step = planMicroBatch(short.model, short.adapter, training).origins;
  const optimizer = planOptimizer(whole.adapter, training).origins;
  const generation = { capacity: 1, cacheRows: tokens, limits, logits: 'last' } as const;
  const answer = planGeneration(short.model, short.adapter, generation).plan.origins;
  const contents = (rows: number): Map<string, SlotContent> =>
    new Map([...weightContents(short.model), ...inputContents(randomBatch(rows, whole.spec.vocabularySize))]);

  const omitted: string[] = [];
  const affordable = (nodes: readonly NamedNode[], rows: number): NamedNode[] =>
    nodes.filter(({ name, traced }) => {
      const { flops } = workOf(device.limits, traced, rows);
      if (flops <= mostFlops) return true;
      omitted.push(`${name}: ${(flops / 1e9).toFixed(0)} GFLOP in one go take too long on this adapter`);
      return false;
    });
  const parts = [
    await compileNodes(device, filler, {
      nodes: affordable(distinct([...step, ...optimizer]), tokens),
      run: { rows: tokens, lossScale: 1 / tokens, learningRate: 1e-4, maxGradNorm: 1 },
      capacity: tokens,
      contents: contents(tokens),
    }),
    await compileNodes(device, filler, {
      nodes: affordable(distinct(answer, 'one row: '), 1),
      run: { rows: 1, past: tokens - 1 },
      capacity: 1,
      contents: contents(1),
    }),
  ];
  return {
    measurements: parts.flatMap(({ measurements }) => measurements),
    omitted: [...omitted, ...parts.flatMap((part) => part.omitted)],
    destroy: () => {
      for (const part of parts) part.destroy();
    },
  };
}

/** One node of each kind, with the names of all nodes that do the same work. */
export function distinct(origins: readonly TracedNode[], prefix = ''): NamedNode[] {
  const kinds = new Map<string, { traced: TracedNode; names: Set<string>; op: string }>();
  for (const traced of new Set(origins)) {
    const { node, block } = traced;
    if (block === 0) continue;
    const kind = signature(traced);
    const found = kinds.get(kind) ?? { traced, names: new Set(), op: node.op.name };
    const module = moduleOf(traced);
    if (module !== undefined) found.names.add(module);
    kinds.set(kind, found);
  }
  const taken = new Map<string, number>();
  return [...kinds.values()].map(({ traced, names, op }) => {
    const name = [`${prefix}${op}`, [...names].join(', ')].filter((part) => part !== '').join(' ');
    const count = (taken.get(name) ?? 0) + 1;
    taken.set(name, count);
    return { traced, name: count === 1 ? name : `${name} (${count})` };
  });
}

/** Identifies a node's work: its op, its shapes and its attributes, but not its place in the model. */
function signature({ node }: TracedNode): string {
  const shapes = (tensors: object): string => JSON.stringify(tensors, withoutIdentity);
  return [node.op.name, shapes(node.inputs), shapes(node.outputs), shapes(node.attributes ?? {})].join();
}

function withoutIdentity(key: string, value: unknown): unknown {
  return ['id', 'name', 'storage', 'stream'].includes(key) ? undefined : value;
}

/**
 * The module's name, such as q_proj, if the node is a linear map of a block; otherwise its role among similar nodes.
 */
function moduleOf({ node }: TracedNode): string | undefined {
  const names = Object.values(node.inputs).map((tensor) => tensor?.name ?? '');
  return names.map((name) => /\.(\w+_proj)\./.exec(name)?.[1]).find((name) => name !== undefined);
}
