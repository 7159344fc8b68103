import type { TimeSource } from '../gpu/timing';
import type { Binding, Dispatch, Workgroups } from '../ops/op';
import { byteLength } from './plan';
import type { TracedNode } from './trace';

/** The work and the time of one dispatch of a run. */
export interface DispatchProfile {
  /** The op's name: 'linear', 'linear_backward'. */
  readonly op: string;
  /** The first output of the op's node, with its place in the model: 'blocks.3.linear.y'. */
  readonly node: string;
  /** The transformer block, if it belongs to one. */
  readonly block: number | undefined;
  /** Whether it is part of the backward pass, or recomputed for it. */
  readonly backward: boolean;
  readonly kernel: string;
  readonly workgroups: Workgroups;
  /** NaN if the device's timestamps are invalid. */
  readonly seconds: number;
  /** Bytes that it must read and write for the rows in use, each counted once. */
  readonly bytesRead: number;
  readonly bytesWritten: number;
  /** 0 if the dispatch only moves bytes. */
  readonly flops: number;
}

export interface Profile {
  /** In the order of the run, without dispatches that have no work. */
  readonly dispatches: readonly DispatchProfile[];
  readonly source: TimeSource;
}

/** The facts about a dispatch that are known without running it. */
export function describeDispatch(
  dispatch: Dispatch,
  origin: TracedNode,
  rows: number,
): Omit<DispatchProfile, 'seconds'> {
  const { node, block, backward } = origin;
  const bytes = (counts: (binding: Binding) => boolean): number =>
    dispatch.bindings.filter(counts).reduce((sum, binding) => sum + bytesInUse(binding, rows), 0);
  const [output] = Object.values(node.outputs);
  return {
    op: node.op.name,
    node: output?.name ?? node.op.name,
    block,
    backward,
    kernel: dispatch.kernel,
    workgroups: dispatch.workgroups(rows),
    bytesRead: bytes(({ access }) => access !== 'write'),
    bytesWritten: bytes(({ access }) => access !== 'read'),
    flops: dispatch.flops?.(rows) ?? 0,
  };
}

/** The operations that estimate a dispatch's time. A dispatch that only moves bytes counts four operations a word. */
export function operationsOf(dispatch: Dispatch, rows: number): number {
  if (dispatch.flops) return dispatch.flops(rows);
  return dispatch.bindings.reduce((sum, binding) => sum + bytesInUse(binding, rows), 0);
}

function bytesInUse({ tensor, offset = 0, size = Infinity, touches }: Binding, rows: number): number {
  if (touches) return touches(rows);
  return Math.min(Math.max(byteLength(tensor, rows) - offset, 0), size);
}
