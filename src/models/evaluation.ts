import { compile } from '../graph/compile';
import type { Plan } from '../graph/plan';
import type { Adapter } from './adapter';
import type { Model } from './model';
import { BATCH_SLOTS, METRICS, planEvaluation, writeBatch } from './training_graph';
import type { TrainingProgram } from './training_program';

export type EvaluationProgram = Pick<TrainingProgram, 'capacity' | 'evaluate' | 'destroy'>;

export interface EvaluationParts {
  /** Of the same capacity, where it is made already. */
  readonly plan?: Plan;
  /** Of a program that never runs at the same time. */
  readonly arenas?: readonly GPUBuffer[];
}

/** The loss of batches, with an adapter or without. */
export async function compileEvaluation(
  model: Model,
  adapter: Adapter | undefined,
  capacity: number,
  { plan, arenas }: EvaluationParts = {},
): Promise<EvaluationProgram> {
  const { device, layout, buffers } = model;
  const planned = plan ?? planEvaluation(layout, adapter?.layout, { capacity, limits: device.limits });
  const metrics = device.buffers.create('inputs', METRICS, 16);
  const bound = new Map([...buffers, ...(adapter?.buffers ?? []), [METRICS, metrics] as const]);
  const program = await compile(device, planned, { buffers: bound, inputs: BATCH_SLOTS, arenas }).catch(
    (error: unknown) => {
      device.buffers.destroy('inputs', metrics);
      throw error;
    },
  );
  return {
    capacity,
    async evaluate(batch) {
      await adapter?.ready(model);
      writeBatch(program, batch);
      await program.run({ rows: batch.rows });
      const [sum = NaN] = new Float32Array(await device.buffers.read(metrics));
      return sum;
    },
    destroy() {
      program.destroy();
      device.buffers.destroy('inputs', metrics);
    },
  };
}
