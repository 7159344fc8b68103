import { compile } from '../graph/compile';
import type { Adapter } from './adapter';
import type { Model } from './model';
import { BATCH_SLOTS, METRICS, planEvaluation, writeBatch } from './training_graph';
import type { TrainingProgram } from './training_program';

export type EvaluationProgram = Pick<TrainingProgram, 'capacity' | 'evaluate' | 'destroy'>;

/**
 * The loss of batches, with an adapter or without.
 *
 * @param arenas of a program that never runs at the same time
 */
export async function compileEvaluation(
  { device, layout, buffers }: Model,
  adapter: Adapter | undefined,
  capacity: number,
  arenas?: readonly GPUBuffer[],
): Promise<EvaluationProgram> {
  const plan = planEvaluation(layout, adapter?.layout, { capacity, limits: device.limits });
  const metrics = device.buffers.create('inputs', METRICS, 16);
  const bound = new Map([...buffers, ...(adapter?.buffers ?? []), [METRICS, metrics] as const]);
  const program = await compile(device, plan, { buffers: bound, inputs: BATCH_SLOTS, arenas }).catch(
    (error: unknown) => {
      device.buffers.destroy('inputs', metrics);
      throw error;
    },
  );
  return {
    capacity,
    async evaluate(batch) {
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
