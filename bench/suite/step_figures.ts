import { measureGrowth } from './growth';
import { layoutsOf, MODELS } from './models';
import { messageOf, type Recorder } from './recorder';
import type { Unit } from './results';
import { LENGTHS, type Selection } from './selection';
import { median } from './statistics';
import { plannedBytes, trainingStep, type StepRequest } from './steps';

/** Measures whole steps; if long ones take too long, the parts of a step at two lengths. */
export async function measureSteps(
  recorder: Recorder,
  { steps, growth }: Selection,
  log: (line: string) => void,
): Promise<void> {
  for (const request of steps) {
    const { model, tokens } = request;
    log(`  ${model}, ${tokens} tokens`);
    try {
      await measureStep(recorder, request);
    } catch (error) {
      recorder.omitted.push(`a step of ${model}, ${tokens} tokens: ${messageOf(error)}`);
      recorder.device.check();
    }
  }
  if (growth) {
    log(`  the parts of a step of ${growth.model}, ${growth.tokens.join(' and ')} tokens`);
    await measureGrowth(recorder, growth);
  }
}

async function measureStep(recorder: Recorder, request: StepRequest): Promise<void> {
  const { model, tokens } = request;
  const step = await trainingStep(recorder.device, recorder.filler, request);
  try {
    const { used, all } = step.blocks;
    const where = {
      group: 'steps',
      model,
      tokens,
      note: used < all ? `${used} of ${all} blocks` : undefined,
    } as const;
    let profile = await step.profile();
    const { flops, products, dispatches } = profile;
    // Alternates with the step, which is compared with the speed of its products.
    const watched: number[] = [];
    const measurement = {
      run: async () => {
        const seconds = await step.run();
        profile = await step.profile();
        watched.push(profile.products.seconds);
        return seconds;
      },
    };
    await recorder.measure([{ ...where, name: 'step', measurement, flops, rate: tokens }]);
    const seconds = tokens / (recorder.results.at(-1)?.median ?? NaN);
    const rate = products.flops / median(watched);
    const notes: [name: string, unit: Unit, value: number][] = [
      ['seconds', 's', seconds],
      ['FLOP/s', 'FLOP/s', flops / seconds],
      ['FLOP/s of its products', 'FLOP/s', rate],
      ['step over products', 'ratio', flops / seconds / rate],
      ['dispatches', 'count', dispatches],
      ['submits', 'count', step.submits()],
      ['memory', 'bytes', step.memory.allocated],
      ['memory planned', 'bytes', step.memory.planned],
      ...profile.byOp.map(
        ({ op, seconds: taken }) =>
          [`time in ${op}`, 'ratio', taken / profile.seconds] as [string, Unit, number],
      ),
    ];
    for (const [name, unit, value] of notes) recorder.note({ ...where, name, unit, value });
  } finally {
    step.destroy();
  }
}

/** The memory of a step according to its plan; known for every model, even if the device can't hold it. */
export function planMemory(recorder: Recorder): void {
  const { limits } = recorder.device;
  for (const model of MODELS) {
    const layouts = layoutsOf(model, limits.maxStorageBufferBindingSize);
    for (const tokens of LENGTHS) {
      try {
        const value = plannedBytes(layouts, tokens, limits);
        recorder.note({ group: 'memory', name: 'planned', model, tokens, unit: 'bytes', value });
      } catch (error) {
        recorder.omitted.push(`the plan of ${model}, ${tokens} tokens: ${messageOf(error)}`);
      }
    }
  }
}
