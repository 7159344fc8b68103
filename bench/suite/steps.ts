import type { Device } from '../../src/gpu/device';
import { compile } from '../../src/graph/compile';
import type { DispatchProfile } from '../../src/graph/profile';
import { trainingMemory } from '../../src/models/memory';
import { compileTraining } from '../../src/models/training';
import { BATCH_SLOTS, METRICS, planMicroBatch, writeBatch } from '../../src/models/training_graph';
import type { OptimizerValues } from '../../src/models/training_program';
import { randomBatch } from './contents';
import type { Filler } from './fill';
import type { Measurement } from './measure';
import { layoutsOf, type ModelName } from './models';
import { freshAdapter, randomModel } from './random_model';

export interface StepRequest {
  readonly model: ModelName;
  readonly tokens: number;
  /** Fewer blocks than the model has, where a whole step would take minutes. */
  readonly layers?: number;
}

/** One whole training step, ready to run: forward, backward with recomputation, clipping and AdamW. */
export interface TrainingStep extends Measurement {
  readonly blocks: { readonly used: number; readonly all: number };
  /** Bytes on the device now, and what the plan promised. */
  readonly memory: { readonly allocated: number; readonly planned: number };
  /** Submits since the last call of this. */
  submits(): number;
  destroy(): void;
}

export const OPTIMIZER: OptimizerValues = {
  learningRate: 1e-4,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
  maxGradNorm: 1,
  step: 1,
};

/** Throws what compiling throws where the step does not fit the device. */
export async function trainingStep(
  device: Device,
  filler: Filler,
  { model: name, tokens, layers }: StepRequest,
): Promise<TrainingStep> {
  const { limits } = device;
  const {
    spec,
    model: layout,
    adapter: adapterOf,
  } = layoutsOf(name, limits.maxStorageBufferBindingSize, layers);
  const all = layoutsOf(name, limits.maxStorageBufferBindingSize).spec.layers;
  const before = allocated(device);
  const model = await randomModel(device, filler, layout);
  const adapter = freshAdapter(device, adapterOf);
  const options = { capacity: tokens, gradient_checkpointing: true };
  const release = (): void => {
    adapter.destroy();
    model.destroy();
  };
  try {
    const program = await compileTraining(model, adapter, options);
    const batch = randomBatch(tokens, spec.vocabularySize);
    const plan = trainingMemory(layout, adapterOf, { ...options, limits });
    let counter = 0;
    let submits = device.queue.submits;
    return {
      blocks: { used: spec.layers, all },
      memory: {
        allocated: allocated(device) - before,
        planned: plan.base + plan.adapter + plan.gradients + plan.moments + plan.activations + plan.inputs,
      },
      run: async () => {
        const started = performance.now();
        const values = { accumulate: false, windowTargetTokens: batch.targetTokens, seed: 0 };
        await program.microBatch(batch, { ...values, counter: counter++ });
        await program.optimizerStep({ ...OPTIMIZER, step: counter });
        await device.queue.idle();
        return (performance.now() - started) / 1000;
      },
      submits: () => {
        const since = device.queue.submits - submits;
        submits = device.queue.submits;
        return since;
      },
      destroy: () => {
        program.destroy();
        release();
      },
    };
  } catch (error) {
    release();
    throw error;
  }
}

/** What the dispatches of one micro-batch took, one by one. */
export async function profileStep(
  device: Device,
  filler: Filler,
  { model: name, tokens, layers }: StepRequest,
): Promise<readonly DispatchProfile[]> {
  const { limits } = device;
  const {
    spec,
    model: layout,
    adapter: adapterOf,
  } = layoutsOf(name, limits.maxStorageBufferBindingSize, layers);
  const model = await randomModel(device, filler, layout);
  const adapter = freshAdapter(device, adapterOf);
  const metrics = device.buffers.create('bench', METRICS, 16);
  try {
    const plan = planMicroBatch(layout, adapterOf, {
      capacity: tokens,
      limits,
      gradient_checkpointing: true,
    });
    const buffers = new Map([...model.buffers, ...adapter.buffers, [METRICS, metrics] as const]);
    const program = await compile(device, plan, { buffers, inputs: BATCH_SLOTS, purpose: 'bench' });
    try {
      writeBatch(program, randomBatch(tokens, spec.vocabularySize));
      const values = { rows: tokens, lossScale: 1 / tokens };
      await program.run(values);
      const { dispatches } = await program.profile(values);
      return dispatches;
    } finally {
      program.destroy();
    }
  } finally {
    device.buffers.destroy('bench', metrics);
    adapter.destroy();
    model.destroy();
  }
}

/** Matrix products and attention: what a step is for. Other kernels' operations are estimates of their time. */
export const isProduct = (kernel: string): boolean => kernel.startsWith('matmul');
const isArithmetic = (kernel: string): boolean => isProduct(kernel) || kernel.startsWith('attention');

export interface StepProfile {
  /** Floating-point operations of products and attention. */
  readonly flops: number;
  readonly products: { readonly flops: number; readonly seconds: number };
  readonly seconds: number;
  /** Seconds by op, the longest first. */
  readonly byOp: readonly { readonly op: string; readonly seconds: number }[];
}

export function summarizeProfile(dispatches: readonly DispatchProfile[]): StepProfile {
  const byOp = new Map<string, number>();
  const total = { flops: 0, seconds: 0 };
  const products = { flops: 0, seconds: 0 };
  for (const { op, kernel, flops, seconds: measured } of dispatches) {
    const seconds = Number.isFinite(measured) ? measured : 0;
    byOp.set(op, (byOp.get(op) ?? 0) + seconds);
    total.seconds += seconds;
    if (isArithmetic(kernel)) total.flops += flops;
    if (!isProduct(kernel)) continue;
    products.flops += flops;
    products.seconds += seconds;
  }
  const order = [...byOp].map(([op, seconds]) => ({ op, seconds })).sort((a, b) => b.seconds - a.seconds);
  return { ...total, products, byOp: order };
}

function allocated(device: Device): number {
  return [...device.buffers.allocated.values()].reduce((sum, bytes) => sum + bytes, 0);
}
