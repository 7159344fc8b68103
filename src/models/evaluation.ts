import { compile } from '../graph/compile';
import type { Adapter } from './adapter';
import type { Model } from './model';
import { writeBatch } from './training';
import { BATCH_SLOTS, METRICS, planEvaluation } from './training_graph';
import type { TrainingProgram } from './training_program';

/** Evaluation alone, with an adapter or without. */
export async function compileEvaluation(
  { device, layout, buffers }: Model,
  adapter: Adapter | undefined,
  capacity: number,
): Promise<Pick<TrainingProgram, 'capacity' | 'evaluate' | 'destroy'>> {
  const metrics = device.buffers.create('inputs', METRICS, 16);
  const plan = planEvaluation(layout, adapter?.layout, { capacity, limits: device.limits });
  const bound = new Map([...buffers, ...(adapter?.buffers ?? []), [METRICS, metrics] as const]);
  const program = await compile(device, plan, { buffers: bound, inputs: BATCH_SLOTS });
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
