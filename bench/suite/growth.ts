import { interleaved } from './measure';
import { layoutsOf, LOAD } from './models';
import { stepPart, type StepPart } from './parts';
import type { Recorder } from './recorder';
import { BY_PARTS } from './results';
import type { Selection } from './selection';
import { summarize } from './statistics';

/** Rows for measuring the part outside the blocks. It works in chunks, so its time is proportional to the rows. */
const OUTSIDE_TOKENS = 128;

/**
 * Estimates the time of a whole model's step at two lengths if whole steps would take an hour: the time of one block
 * times the number of blocks, plus that of embedding, head and loss.
 */
export async function measureGrowth(
  recorder: Recorder,
  { model, tokens }: NonNullable<Selection['growth']>,
): Promise<void> {
  const { blocks } = layoutsOf(model, recorder.device.limits.maxStorageBufferBindingSize).spec;
  const measured = async (part: StepPart, count: number): Promise<number> => {
    const samples = await timePart(recorder, { model, tokens: count, load: LOAD, part });
    const { length } = recorder.results;
    recorder.results.push({
      ...{ group: 'steps', name: part, model, tokens: count, unit: 's' },
      ...summarize(samples),
    });
    return recorder.results[length]?.median ?? NaN;
  };
  const outside = (await measured('outside the blocks', OUTSIDE_TOKENS)) / OUTSIDE_TOKENS;
  for (const count of tokens) {
    const block = await measured('block computed again', count);
    const value = blocks.length * block + outside * count;
    recorder.note({ group: 'steps', name: BY_PARTS, model, tokens: count, unit: 's', value });
  }
}

async function timePart(
  { device, filler }: Recorder,
  request: Parameters<typeof stepPart>[2],
): Promise<readonly number[]> {
  const made = await stepPart(device, filler, request);
  try {
    const run = async (): Promise<number> => {
      const started = performance.now();
      await made.programs[0]?.run(made.run);
      await device.queue.idle();
      return (performance.now() - started) / 1000;
    };
    // Drivers finish pipelines only when they first run.
    await made.programs[0]?.run({ ...made.run, rows: 64 });
    const [samples = []] = await interleaved([{ run }], { rounds: 2, seconds: 10 });
    return samples;
  } finally {
    made.destroy();
  }
}
