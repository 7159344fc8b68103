import { afterAll, beforeAll, expect, test } from 'vitest';
import { DEFAULTS } from '../../src/core/settings/settings';
import { openFolder } from '../../src/cli/files';
import { packMicroBatch } from '../../src/data/batches';
import { Device } from '../../src/gpu/device';
import { timeDispatches, type TimeSource } from '../../src/gpu/timing';
import { compile } from '../../src/graph/compile';
import { GRADIENTS } from '../../src/graph/differentiate';
import type { Program } from '../../src/graph/program';
import { Adapter } from '../../src/models/adapter';
import { openCheckpoint } from '../../src/models/files';
import { loadModel } from '../../src/models/load';
import { adapterLayout, initialAdapter } from '../../src/models/adapters/layout';
import { optimizerPlan } from '../../src/models/optimizers';
import type { Model } from '../../src/models/model';
import { linearMaps } from '../../src/models/spec';
import { batchSlots, METRICS, planMicroBatch, writeBatch } from '../../src/models/training_graph';
import { gpu } from './dawn';
import { loadFixture } from './fixtures';

/** A profile is a run that is watched: the same results, and every dispatch told of. */

const fixture = loadFixture('qwen3');
const SETTINGS = {
  r: 3,
  lora_alpha: 6,
  lora_dropout: 0,
  use_rslora: false,
  target_modules: 'all-linear' as const,
};
const CAPACITY = 64;
const SOURCES: readonly TimeSource[] = ['timestamps', 'wall clock'];

const batch = packMicroBatch(
  fixture.expected.batch.map(({ input_ids, labels }) => ({
    ids: Uint32Array.from(input_ids),
    trained: Uint8Array.from(labels, (label) => (label === -100 ? 0 : 1)),
  })),
);
const values = { rows: batch.rows, lossScale: 1 / batch.targetTokens };

let device: Device;
let model: Model;
let adapter: Adapter;
let program: Program;
const small: GPUBuffer[] = [];
beforeAll(async () => {
  device = await Device.open(gpu, { defaultLimits: true });
  const checkpoint = await openCheckpoint(await openFolder(fixture.folder, 'model'));
  const quantization = { load_in_4bit: true, bnb_4bit_use_double_quant: true, dtype: 'auto' as const };
  model = await loadModel(device, checkpoint, quantization, () => undefined);
  const layout = adapterLayout(model.layout.spec, SETTINGS);
  adapter = new Adapter(device, layout, optimizerPlan(layout, DEFAULTS));
  adapter.writeAdapter(initialAdapter(adapter.layout, 7));
  const metrics = device.buffers.create('inputs', METRICS, 16);
  small.push(metrics);
  const settings = { ...DEFAULTS, gradient_checkpointing: true };
  const options = { capacity: CAPACITY, limits: device.limits, settings };
  const plan = planMicroBatch(model.layout, adapter.layout, options);
  const slots = batchSlots(options);
  const buffers = new Map([...model.buffers, ...adapter.buffers, [METRICS, metrics] as const]);
  program = await compile(device, plan, { buffers, inputs: slots });
  writeBatch(program, batch, slots);
});
afterAll(() => {
  program.destroy();
  for (const buffer of small) device.buffers.destroy('inputs', buffer);
  adapter.destroy();
  model.destroy();
  device.destroy();
});

const gradients = async (): Promise<Float32Array> =>
  new Float32Array(await device.buffers.read(adapter.buffers.get(GRADIENTS)!));

test.each(SOURCES)('a profile by %s gives what a run gives and tells of every dispatch', async (source) => {
  await program.run(values);
  const expected = await gradients();
  expect(expected.some((value) => value !== 0)).toBe(true);
  device.buffers.write(adapter.buffers.get(GRADIENTS)!, new Float32Array(expected.length));

  const profile = await program.profile(values, { source });
  expect(await gradients()).toEqual(expected);
  expect(profile.source).toBe(source);
  const planned = program.plan.dispatches.filter(({ workgroups }) => !workgroups(batch.rows).includes(0));
  expect(profile.dispatches.map(({ kernel }) => kernel)).toEqual(planned.map(({ kernel }) => kernel));
  for (const { seconds, bytesRead, bytesWritten } of profile.dispatches) {
    expect(seconds).toBeGreaterThanOrEqual(0);
    expect(seconds).toBeLessThan(60);
    expect(bytesRead + bytesWritten).toBeGreaterThan(0);
  }
  expect(profile.dispatches.reduce((sum, { seconds }) => sum + seconds, 0)).toBeGreaterThan(0);
});

test('a dispatch tells of its node, block, direction, bytes and operations', async () => {
  const { dispatches } = await program.profile(values);
  const { hiddenSize, blocks: all } = model.layout.spec;
  const norm = dispatches.find(({ op }) => op === 'rms_norm')!;
  expect(norm).toMatchObject({ node: 'blocks.0.rms_norm.y', block: 0, backward: false, kernel: 'rms_norm' });
  expect(norm.bytesRead).toBe((batch.rows + 1) * hiddenSize * 4);
  expect(norm.bytesWritten).toBe(batch.rows * (hiddenSize + 1) * 4);
  // The batch has fewer tokens than the tables have rows, of which only theirs are read.
  const rotary = dispatches.find(({ op }) => op === 'rotary')!;
  const { out: columns } = linearMaps(model.layout.spec).find(({ name }) => name === 'q_proj')!;
  const { dim } = model.layout.spec.rotary[0]!;
  expect(rotary.bytesRead).toBe(batch.rows * (columns + 1 + dim) * 4);
  const blocks = new Set(dispatches.map(({ block }) => block));
  expect(blocks).toEqual(new Set([...all.keys(), undefined]));
  const again = dispatches.filter(({ node, backward }) => node.startsWith('blocks.0.rms_norm.y') && backward);
  expect(again.map(({ node }) => node)).toContain('blocks.0.rms_norm.y.again');
  expect(dispatches.some(({ op, flops }) => op === 'linear_backward' && flops > 0)).toBe(true);
});

test.each(SOURCES)(
  'thousands of dispatches are timed by %s, each as often as it is asked to',
  async (source) => {
    const count = source === 'timestamps' ? 2500 : 40;
    const buffer = device.buffers.create('inputs', 'count', 4);
    small.push(buffer);
    const module = device.gpu.createShaderModule({
      code: `@group(0) @binding(0) var<storage, read_write> count: u32;
      @compute @workgroup_size(1) fn main() { count += 1u; }`,
    });
    const pipeline = await device.gpu.createComputePipelineAsync({ layout: 'auto', compute: { module } });
    const bindGroup = device.gpu.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [{ binding: 0, resource: { buffer } }],
    });
    const once = { pipeline, bindGroup, workgroups: [1, 1, 1] as const };
    const dispatches = Array.from({ length: count }, (_, i) =>
      i % 10 === 0 ? { ...once, repeats: 3 } : once,
    );
    const { seconds } = await timeDispatches(device, dispatches, { source });
    expect(seconds).toHaveLength(count);
    expect([...seconds].every((value) => value >= 0 && value < 10)).toBe(true);
    const [counted] = new Uint32Array(await device.buffers.read(buffer));
    expect(counted).toBe(count + 2 * (count / 10));
  },
);
