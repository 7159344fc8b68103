import { compile } from '../graph/compile';
import type { Plan } from '../graph/plan';
import type { Adapter } from './adapter';
import type { Model } from './model';
import {
  batchSlots,
  measuresOf,
  METRICS,
  metricsWidth,
  planEvaluation,
  writeBatch,
  type TrainingOptions,
} from './training_graph';
import type { TrainingProgram } from './training_program';

export type EvaluationProgram = Pick<TrainingProgram, 'capacity' | 'evaluate' | 'destroy'>;

export interface EvaluationParts {
  /** The plan for the same options, if it exists already. */
  readonly plan?: Plan;
  /** Arenas to share with a program that never runs at the same time. */
  readonly arenas?: readonly GPUBuffer[];
}

/** The loss of batches, with an adapter or without. */
export async function compileEvaluation(
  model: Model,
  adapter: Adapter | undefined,
  options: Omit<TrainingOptions, 'limits'>,
  { plan, arenas }: EvaluationParts = {},
): Promise<EvaluationProgram> {
  const { device, layout, buffers } = model;
  const { capacity } = options;
  const planned = plan ?? planEvaluation(layout, adapter?.layout, { ...options, limits: device.limits });
  const slots = batchSlots(options);
  const metrics = device.buffers.create('inputs', METRICS, metricsWidth(options) * 4);
  const bound = new Map([...buffers, ...(adapter?.buffers ?? []), [METRICS, metrics] as const]);
  const program = await compile(device, planned, { buffers: bound, inputs: slots, arenas }).catch(
    (error: unknown) => {
      device.buffers.destroy('inputs', metrics);
      throw error;
    },
  );
  return {
    capacity,
    async evaluate(batch) {
      await adapter?.ready(model);
      writeBatch(program, batch, slots);
      await program.run({ rows: batch.rows });
      const sums = new Float32Array(await device.buffers.read(metrics));
      const measured = measuresOf(options).map((name, index) => [name, sums[4 + index] ?? NaN] as const);
      return { loss: sums[0] ?? NaN, metrics: Object.fromEntries(measured) };
    },
    destroy() {
      program.destroy();
      device.buffers.destroy('inputs', metrics);
    },
  };
}
