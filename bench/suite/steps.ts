import { DEFAULTS } from '../../src/core/settings/settings';
import type { Device } from '../../src/gpu/device';
import { compile } from '../../src/graph/compile';
import type { DispatchProfile } from '../../src/graph/profile';
import { trainingMemory } from '../../src/models/memory';
import { compileTraining } from '../../src/models/training';
import { batchSlots, METRICS, planMicroBatch, writeBatch } from '../../src/models/training_graph';
import type { Limits } from '../../src/ops/op';
import { randomBatch } from './contents';
import type { Filler } from './fill';
import { fit } from './fit';
import type { Measurement } from './measure';
import { layoutsOf, type Layouts, type ModelName } from './models';
import { freshAdapter, randomModel } from './random_model';

export interface StepRequest {
  readonly model: ModelName;
  readonly tokens: number;
  /** Fewer blocks than the model has, if a whole step would take minutes. */
  readonly layers?: number;
}

/** One whole training step, ready to run: forward, backward with recomputation, clipping and AdamW. */
export interface TrainingStep extends Measurement {
  readonly blocks: { readonly used: number; readonly all: number };
  /** Bytes allocated on the device, and bytes according to the plan. */
  readonly memory: { readonly allocated: number; readonly planned: number };
  /** Submits of the last run. */
  submits(): number;
  /** Runs its micro-batch once more, one dispatch after the other, and returns each op's time. */
  profile(): Promise<StepProfile>;
  destroy(): void;
}

/** The settings of all measured steps. */
export const SETTINGS = { ...DEFAULTS, gradient_checkpointing: true };
export const LEARNING_RATE = 1e-4;

/** Throws the errors of compilation if the step does not fit on the device. */
export async function trainingStep(
  device: Device,
  filler: Filler,
  { model: name, tokens, layers }: StepRequest,
): Promise<TrainingStep> {
  const { limits } = device;
  const most = limits.maxStorageBufferBindingSize;
  const { spec, model: layout, adapter: adapterOf } = layoutsOf(name, most, layers);
  const options = { capacity: tokens, settings: SETTINGS };
  const batch = randomBatch(tokens, spec.vocabularySize);
  const made: { destroy(): void }[] = [];
  const keep = <T extends { destroy(): void }>(part: T): T => {
    made.push(part);
    return part;
  };
  const destroy = (): void => {
    for (const part of made.splice(0).reverse()) part.destroy();
  };
  try {
    await fit(device, () => [{ plan: planMicroBatch(layout, adapterOf, { ...options, limits }) }]);
    const before = allocated(device);
    const model = keep(await randomModel(device, filler, layout));
    const adapter = keep(freshAdapter(device, adapterOf));
    const program = keep(await compileTraining(model, adapter, options));
    const memory = {
      allocated: allocated(device) - before,
      planned: plannedBytes({ model: layout, adapter: adapterOf }, tokens, limits),
    };
    const metrics = device.buffers.create('other', METRICS, 16);
    keep({ destroy: () => device.buffers.destroy('other', metrics) });
    const buffers = new Map([...model.buffers, ...adapter.buffers, [METRICS, metrics] as const]);
    const plan = planMicroBatch(layout, adapterOf, { ...options, limits });
    const slots = batchSlots(options);
    const watched = keep(await compile(device, plan, { buffers, inputs: slots, purpose: 'other' }));
    writeBatch(watched, batch, slots);
    let counter = 0;
    let submits = 0;
    return {
      blocks: { used: spec.blocks.length, all: layoutsOf(name, most).spec.blocks.length },
      memory,
      submits: () => submits,
      run: async () => {
        const begin = device.queue.submits;
        const started = performance.now();
        const values = { accumulate: false, windowTerms: batch.targetTokens, seed: 0 };
        await program.microBatch(batch, { ...values, counter: counter++ });
        await program.optimizerStep({ learningRate: LEARNING_RATE, step: counter });
        await device.queue.idle();
        submits = device.queue.submits - begin;
        return (performance.now() - started) / 1000;
      },
      profile: async () => {
        const { dispatches } = await watched.profile({ rows: tokens, lossScale: 1 / batch.targetTokens });
        return summarizeProfile(dispatches);
      },
      destroy,
    };
  } catch (error) {
    destroy();
    throw error;
  }
}

/** Bytes of a step on the device according to the plan, including the base. */
export function plannedBytes(
  { model, adapter }: Pick<Layouts, 'model' | 'adapter'>,
  capacity: number,
  limits: Limits,
): number {
  const options = { capacity, limits, settings: SETTINGS };
  const plan = trainingMemory(model, adapter, options);
  return plan.base + plan.adapter + plan.gradients + plan.moments + plan.activations + plan.inputs;
}

/** Products and attention are the arithmetic of a step. Operation counts of other kernels only estimate their time. */
export const isProduct = (kernel: string): boolean => kernel.startsWith('matmul');
const isArithmetic = (kernel: string): boolean => isProduct(kernel) || kernel.startsWith('attention');

export interface StepProfile {
  /** Floating-point operations of products and attention. */
  readonly flops: number;
  readonly products: { readonly flops: number; readonly seconds: number };
  readonly seconds: number;
  readonly dispatches: number;
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
  return { ...total, products, byOp: order, dispatches: dispatches.length };
}

function allocated(device: Device): number {
  return [...device.buffers.allocated.values()].reduce((sum, bytes) => sum + bytes, 0);
}
