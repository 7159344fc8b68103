// Profiles one training step (or one decoded token) by dispatch. Writes tables, and a timeline for Perfetto
// (ui.perfetto.dev) and chrome://tracing. The weights are random, with the real shapes. tools/profile.mjs runs it.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { openDevice } from '../src/cli/device';
import type { Device } from '../src/gpu/device';
import type { Profile } from '../src/graph/profile';
import { medianEntries, type Entry, type MeasuredLimits } from './profile/entries';
import { decodingParts, trainingParts, type Part } from './profile/programs';
import { profileTables } from './profile/table';
import { chromeTrace } from './profile/trace';
import { Filler } from './suite/fill';
import { deviceLimits } from './suite/limits';
import { layoutsOf, MODELS } from './suite/models';
import type { Limit } from './suite/results';
import { median } from './suite/statistics';

const USAGE = `npm run profile -- [options]
  --model NAME                     ${MODELS.join(', ')} (${MODELS[0] ?? ''})
  --tokens N                       tokens of the step (256)
  --layers N                       fewer blocks than the model has
  --gradient_checkpointing BOOL    whether blocks are computed again for the backward pass (true)
  --decode                         one token that is decoded, instead of a training step
  --past N                         tokens in the cache before it (255)
  --rounds N                       times that it is run; each dispatch has the median of its times (5)
  --longest N                      dispatches in the last table (15)
  --trace FILE                     where the timeline is written (build/profile.json)
`;

const { values: options } = parseArgs({
  options: {
    model: { type: 'string', default: MODELS[0] },
    tokens: { type: 'string', default: '256' },
    layers: { type: 'string' },
    gradient_checkpointing: { type: 'string', default: 'true' },
    decode: { type: 'boolean', default: false },
    past: { type: 'string', default: '255' },
    rounds: { type: 'string', default: '5' },
    longest: { type: 'string', default: '15' },
    trace: { type: 'string', default: 'build/profile.json' },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  process.stdout.write(USAGE);
} else {
  const device = await openDevice();
  await profile(device);
  device.destroy();
}

async function profile(device: Device): Promise<void> {
  const model = MODELS.find((name) => name.toLowerCase() === options.model?.toLowerCase());
  if (!model) throw new Error(`--model ${options.model ?? ''}: there are ${MODELS.join(', ')}`);
  const [tokens, past, rounds] = [whole('tokens'), whole('past'), whole('rounds')];
  const layers = options.layers === undefined ? undefined : whole('layers');
  const layouts = layoutsOf(model, device.limits.maxStorageBufferBindingSize, layers);
  const filler = new Filler(device);
  const gradient_checkpointing = options.gradient_checkpointing === 'true';
  const made = options.decode
    ? await decodingParts(device, filler, layouts, { past })
    : await trainingParts(device, filler, layouts, { tokens, gradient_checkpointing });

  const title = options.decode ? `${model}, one token after ${past}` : `${model}, a step of ${tokens} tokens`;
  process.stdout.write(
    `${title}${layers === undefined ? '' : `, ${layers} blocks`}\n${device.description}\n`,
  );
  const limitsOf = await deviceLimits(device, filler);
  const wanted = limitsOf.measurements.filter(({ limit }) => limit !== undefined);
  const samples = wanted.map((): number[] => []);
  const runs: number[] = [];
  const profiles = made.parts.map((): Profile[] => []);
  // Interleaved, so that a temporary slowdown of the machine affects all measurements alike. The first round warms up.
  for (let round = 0; round <= rounds; round++) {
    const seconds = await secondsOfRun(device, made.parts);
    const taken: Profile[] = [];
    for (const { program, values } of made.parts) taken.push(await program.profile(values));
    const limitSeconds: number[] = [];
    for (const limit of wanted) limitSeconds.push(await limit.run());
    if (round === 0) continue;
    runs.push(seconds);
    taken.forEach((profile, index) => profiles[index]?.push(profile));
    limitSeconds.forEach((sample, index) => samples[index]?.push(sample));
  }
  limitsOf.destroy();
  made.destroy();
  const rate = (name: Limit): number => {
    const index = wanted.findIndex(({ limit }) => limit === name);
    return (wanted[index]?.work ?? NaN) / median(samples[index] ?? []);
  };
  const limits: MeasuredLimits = { fma: rate('fma'), bandwidth: rate('bandwidth') };

  const entries: Entry[] = made.parts.flatMap(({ phaseOf }, index) =>
    medianEntries(profiles[index] ?? [], phaseOf),
  );
  const alone = entries.reduce((sum, { seconds }) => sum + (Number.isFinite(seconds) ? seconds : 0), 0);
  process.stdout.write(
    [
      '',
      `limits    ${(limits.fma / 1e9).toFixed(1)} GFLOP/s (f32 multiply-add), ${(limits.bandwidth / 1e9).toFixed(1)} GB/s (copy)`,
      `a run     ${(median(runs) * 1e3).toFixed(2)} ms by the wall clock, all dispatches submitted together`,
      `profiled  ${(alone * 1e3).toFixed(2)} ms in ${entries.length} dispatches, timed one by one (${profiles[0]?.[0]?.source ?? ''})`,
      '',
      profileTables(entries, limits, whole('longest')),
      '',
      '',
    ].join('\n'),
  );
  const trace = chromeTrace(title, entries, limits, { device: device.description });
  await mkdir(dirname(options.trace), { recursive: true });
  await writeFile(options.trace, `${JSON.stringify(trace)}\n`);
  process.stdout.write(`timeline: ${options.trace} (ui.perfetto.dev or chrome://tracing open it)\n`);
}

/** Seconds by the wall clock, without profiling. */
async function secondsOfRun(device: Device, parts: readonly Part[]): Promise<number> {
  await device.queue.idle();
  const started = performance.now();
  for (const { program, values } of parts) await program.run(values);
  await device.queue.idle();
  return (performance.now() - started) / 1000;
}

function whole(name: 'tokens' | 'past' | 'rounds' | 'longest' | 'layers'): number {
  const value = Number(options[name]);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} takes a whole number from 1 on`);
  return value;
}
