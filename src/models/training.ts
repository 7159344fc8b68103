import type { Batch } from '../data/batches';
import { compile } from '../graph/compile';
import { PARAMETERS } from '../graph/differentiate';
import type { Plan } from '../graph/plan';
import type { Program } from '../graph/program';
import type { Adapter } from './adapter';
import { compileEvaluation, type EvaluationProgram } from './evaluation';
import type { Model } from './model';
import {
  batchSlots,
  measuresOf,
  METRICS,
  metricsWidth,
  METRICS_RING_SLOT,
  planEvaluation,
  planMicroBatch,
  planOptimizer,
  writeBatch,
  type TrainingOptions,
} from './training_graph';
import type { AdapterLayout } from './adapters/layout';
import type { ModelLayout } from './layout';
import type { Means } from './objectives/objective';
import { optimizerPlan } from './optimizers';
import type { OptimizerPlan, StepValues } from './optimizers/optimizer';
import {
  METRICS_RING,
  type MicroBatchValues,
  type StepMetrics,
  type TrainingProgram,
  type TrainingState,
} from './training_program';

export type CompileTrainingOptions = Omit<TrainingOptions, 'limits'>;

/** The plans of a training's programs. */
export interface TrainingPlans {
  readonly microBatch: Plan;
  readonly optimizer: Plan;
  readonly evaluation: Plan;
}

export function planTraining(
  model: ModelLayout,
  adapter: AdapterLayout,
  options: TrainingOptions,
): TrainingPlans {
  return {
    microBatch: planMicroBatch(model, adapter, options),
    optimizer: planOptimizer(adapter, options),
    evaluation: planEvaluation(model, adapter, options),
  };
}

/**
 * Compiles forward, backward, optimizer and evaluation of an adapter on a model. If it fails, it frees what it has
 * allocated. Throws the device's errors.
 *
 * @param plans the plans for the same arguments, if they exist already
 */
export async function compileTraining(
  model: Model,
  adapter: Adapter,
  options: CompileTrainingOptions,
  plans?: TrainingPlans,
): Promise<TrainingProgram> {
  const { device, layout } = model;
  const { limits } = device;
  const planned = plans ?? planTraining(layout, adapter.layout, { ...options, limits });
  const made: { destroy(): void }[] = [];
  const keep = <T extends { destroy(): void }>(part: T): T => {
    made.push(part);
    return part;
  };
  const small = (label: string, floats: number): GPUBuffer => {
    const buffer = device.buffers.create('inputs', label, floats * 4);
    keep({ destroy: () => device.buffers.destroy('inputs', buffer) });
    return buffer;
  };
  const width = metricsWidth(options);
  const metrics = small(METRICS, width);
  const ring = small(METRICS_RING_SLOT, METRICS_RING * width);
  const own = [[METRICS, metrics] as const, [METRICS_RING_SLOT, ring] as const];
  const buffers = new Map([...model.buffers, ...adapter.buffers, ...own]);
  const destroy = (): void => {
    for (const part of made.splice(0).reverse()) part.destroy();
  };
  try {
    const { settings } = options;
    const step = optimizerPlan(adapter.layout, settings);
    const point = step.training === undefined ? undefined : buffers.get(step.training);
    const trained = point ? new Map([...buffers, [PARAMETERS, point] as const]) : buffers;
    const microBatch = keep(
      await compile(device, planned.microBatch, { buffers: trained, inputs: batchSlots(options) }),
    );
    const optimizer = keep(await compile(device, planned.optimizer, { buffers }));
    const evaluation = keep(
      await compileEvaluation(model, adapter, options, {
        plan: planned.evaluation,
        arenas: microBatch.arenas,
      }),
    );
    const programs = { microBatch, optimizer, evaluation };
    const { capacity } = options;
    const slots = batchSlots(options);
    const measured = measuresOf(options);
    const { max_grad_norm: maxGradNorm } = settings;
    const parts = { capacity, programs, slots, measured, step, maxGradNorm, ring, destroy };
    return new CompiledTraining(model, adapter, parts);
  } catch (error) {
    destroy();
    throw error;
  }
}

interface Parts {
  readonly capacity: number;
  readonly programs: {
    readonly microBatch: Program;
    readonly optimizer: Program;
    readonly evaluation: EvaluationProgram;
  };
  readonly slots: readonly string[];
  /** Names of the objective's metrics. */
  readonly measured: readonly string[];
  readonly step: Pick<OptimizerPlan, 'scalars'>;
  readonly maxGradNorm: number;
  readonly ring: GPUBuffer;
  readonly destroy: () => void;
}

class CompiledTraining implements TrainingProgram {
  readonly #model: Model;
  readonly #adapter: Adapter;
  readonly #parts: Parts;
  /** Number of optimizer steps since the metrics were last read; `#steps` counts all. */
  #unread = 0;
  #steps = 0;

  constructor(model: Model, adapter: Adapter, parts: Parts) {
    this.#model = model;
    this.#adapter = adapter;
    this.#parts = parts;
  }

  get capacity(): number {
    return this.#parts.capacity;
  }

  async microBatch(batch: Batch, values: MicroBatchValues): Promise<void> {
    const { microBatch } = this.#parts.programs;
    await this.#adapter.ready(this.#model);
    writeBatch(microBatch, batch, this.#parts.slots);
    await microBatch.run({
      rows: batch.rows,
      accumulate: values.accumulate,
      lossScale: 1 / values.windowTerms,
      seed: values.seed,
      counter: values.counter,
    });
  }

  async optimizerStep(values: StepValues): Promise<void> {
    const { programs, step, maxGradNorm } = this.#parts;
    await programs.optimizer.run({ counter: this.#steps++, maxGradNorm, ...step.scalars(values) });
    this.#adapter.changed();
    this.#unread = Math.min(this.#unread + 1, METRICS_RING);
  }

  async metrics(): Promise<readonly StepMetrics[]> {
    if (this.#unread === 0) return [];
    const ring = new Float32Array(await this.#model.device.buffers.read(this.#parts.ring));
    const width = ring.length / METRICS_RING;
    const { measured } = this.#parts;
    const steps: StepMetrics[] = [];
    for (let step = this.#steps - this.#unread; step < this.#steps; step++) {
      const own = ring.subarray((step % METRICS_RING) * width);
      const [loss = NaN, gradNorm = NaN, broken = 1] = own;
      const metrics = Object.fromEntries(measured.map((name, index) => [name, own[4 + index] ?? NaN]));
      steps.push({ loss, gradNorm, finite: broken === 0, metrics });
    }
    this.#unread = 0;
    return steps;
  }

  async evaluate(batch: Batch): Promise<Means> {
    return await this.#parts.programs.evaluation.evaluate(batch);
  }

  async readState(): Promise<TrainingState> {
    return await this.#adapter.readState();
  }

  writeState(state: TrainingState): void {
    this.#adapter.writeState(state);
  }

  destroy(): void {
    this.#parts.destroy();
  }
}
