import { expect, test } from 'vitest';
import { differentiate } from '../../../src/graph/differentiate';
import { plan } from '../../../src/graph/plan';
import { recompute } from '../../../src/graph/recompute';
import { Trace, present } from '../../../src/graph/trace';
import { add } from '../../../src/ops/add';
import { linear } from '../../../src/ops/linear';
import { f32, type Tensor } from '../../../src/ops/op';
import { rmsNorm } from '../../../src/ops/rms_norm';

const limits = {
  maxStorageBufferBindingSize: 1 << 27,
  maxBufferSize: 1 << 28,
  maxComputeWorkgroupsPerDimension: 65535,
};
const SIZE = 64;

/** Blocks of norm, adapted linear map and residual; the seed of the gradient is given. */
function blocks(count: number): { trace: Trace; pairs: Tensor[] } {
  const trace = new Trace();
  const pairs: Tensor[] = [];
  const parameter = (rows: number, columns: number): Tensor => {
    const tensor = trace.bound(
      'parameters',
      'f32',
      [rows, columns],
      pairs.length * 1024 * 4,
      `p${pairs.length}`,
    );
    pairs.push(tensor);
    return tensor;
  };
  let hidden = trace.bound('hidden', 'f32', ['rows', SIZE]);
  for (let block = 0; block < count; block++) {
    hidden = trace.block(block, () => {
      const x = rmsNorm(trace, { x: hidden, weight: trace.bound('norm', 'f32', [SIZE]) }, { eps: 1e-6 });
      const tensor = trace.bound('weight', 'f32', [SIZE, SIZE]);
      const part = { firstRow: 0, rows: SIZE, tensor };
      const weight = {
        kind: 'dense' as const,
        name: 'w',
        format: 'f32' as const,
        out: SIZE,
        in: SIZE,
        parts: [part],
      };
      const lora = { A: parameter(4, SIZE), B: parameter(SIZE, 4), scale: 1 };
      return linear(trace, { x, weight, lora, residual: hidden });
    });
  }
  const seeds = new Map([[hidden, trace.planned('seed', f32('rows', SIZE))]]);
  differentiate(trace, { wanted: pairs, seeds });
  return { trace, pairs };
}

const peak = (trace: Trace, nodes: Parameters<typeof plan>[1]): number =>
  plan(trace, nodes, { capacity: 512, limits }).arenas.reduce((sum, bytes) => sum + bytes, 0);

test('every parameter’s gradient is written once, in the slot of the gradients', () => {
  const { trace, pairs } = blocks(3);
  const { dispatches } = plan(trace, trace.nodes, { capacity: 8, limits });
  const written = dispatches.flatMap(({ bindings }) =>
    bindings.filter(({ tensor }) => tensor.storage.kind === 'bound' && tensor.storage.slot === 'gradients'),
  );
  const offset = ({ storage }: Tensor): number => (storage.kind === 'bound' ? storage.offset : -1);
  expect(written.map(({ tensor }) => offset(tensor)).sort((a, b) => a - b)).toEqual(pairs.map(offset));
  expect(written.every(({ access }) => access === 'update')).toBe(true);
});

test('recomputation keeps memory from growing with what a block holds inside', () => {
  const two = blocks(2);
  const twelve = blocks(12);
  const kept = peak(twelve.trace, twelve.trace.nodes) - peak(two.trace, two.trace.nodes);
  const recomputed = peak(twelve.trace, recompute(twelve.trace)) - peak(two.trace, recompute(two.trace));
  // Ten further blocks: kept, each holds the norm's and the block's output and z; recomputed, its output alone.
  expect(recomputed).toBeLessThanOrEqual(10 * 512 * SIZE * 4);
  expect(kept).toBeGreaterThan(1.8 * recomputed);
});

test('recomputed nodes read only what exists by then, and the backward pass reads the copies', () => {
  const { trace } = blocks(4);
  const made = new Set<Tensor>();
  for (const { node, backward, block } of recompute(trace)) {
    for (const input of present(node.inputs)) {
      const outside = input.storage.kind === 'bound' || input.name === 'seed';
      expect(outside || made.has(input), input.name).toBe(true);
      if (backward && block !== undefined && block < 3 && !outside && !input.name.includes('gradient')) {
        const forward = /^blocks\.\d+\.(rms_norm|linear)\.(invRms|z|y)(\.\d+)?$/.test(input.name);
        const boundary = input.name.endsWith('linear.y');
        expect(forward && !boundary, input.name).toBe(false);
      }
    }
    for (const output of present(node.outputs)) made.add(output);
  }
});

test('a tensor with two uses gets the sum of both gradients', () => {
  const trace = new Trace();
  const x = trace.bound('x', 'f32', ['rows', 4]);
  const y = add(trace, x, x);
  const seed = trace.bound('seed', 'f32', ['rows', 4]);
  const gradient = differentiate(trace, { wanted: [x], seeds: new Map([[y, seed]]) }).get(x)!;
  const last = trace.nodes.at(-1)!;
  expect(last.node.op.name).toBe('add');
  expect(present(last.node.inputs)).toEqual([seed, seed]);
  expect(present(last.node.outputs)).toEqual([gradient]);
});

test('what no parameter lies behind gets no backward ops', () => {
  const trace = new Trace();
  const x = trace.bound('x', 'f32', ['rows', 4]);
  const y = add(trace, x, x);
  differentiate(trace, { wanted: [trace.bound('parameters', 'f32', [4])], seeds: new Map([[y, x]]) });
  expect(trace.nodes).toHaveLength(1);
});
