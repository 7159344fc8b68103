import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { alignUp } from '../../src/core/align';
import { DEFAULTS, type TrainSettings } from '../../src/core/settings/settings';
import { readTensors } from '../../src/formats/safetensors';
import { Device } from '../../src/gpu/device';
import { PARAMETERS } from '../../src/graph/differentiate';
import { readParameter } from '../../src/models/adapters/layout';
import { optimizerPlan } from '../../src/models/optimizers';
import type { FlatLayout, FlatTensor } from '../../src/models/optimizers/optimizer';
import { gpu } from './dawn';
import { valuesOf } from './fixtures';
import { flatOf, gradient, optimizerOnDevice, partOf } from './optimizer_device';

/** The output of make_optimizer_steps.py. */
interface Expected {
  readonly settings: Pick<
    TrainSettings,
    'learning_rate' | 'adam_beta1' | 'adam_beta2' | 'adam_epsilon' | 'weight_decay'
  >;
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  readonly steps: number;
  readonly warmup: number;
  readonly torch_error: Readonly<Record<string, number>>;
}

const folder = fileURLToPath(new URL('fixtures/optimizers/', import.meta.url));
const expected = JSON.parse(readFileSync(`${folder}steps.json`, 'utf8')) as Expected;
const { tensors: stored } = readTensors(new Uint8Array(readFileSync(`${folder}steps.safetensors`)));

/** The tensors one after the other; rows are padded, as those of an adapter. */
const layout = ((): FlatLayout => {
  let size = 0;
  const tensors = Object.entries(expected.shapes).map(([name, shape]): FlatTensor => {
    const padded = [...shape.slice(0, -1), alignUp(shape.at(-1)!, 4)];
    const tensor = { name, offset: size, shape, padded };
    size += alignUp(
      padded.reduce((product, length) => product * length, 1),
      64,
    );
    return tensor;
  });
  return { size, tensors };
})();

let device: Device;
beforeAll(async () => {
  device = await Device.open(gpu, { defaultLimits: true });
});
afterAll(() => {
  device.destroy();
});

/** The differences of all parameters from the stored ones after the steps. */
async function differencesOf(
  run: string,
  given: Partial<TrainSettings>,
  { rate = () => 1, suffix = '' }: { rate?: (step: number) => number; suffix?: string } = {},
): Promise<number[]> {
  const settings = { ...DEFAULTS, ...expected.settings, ...given };
  const optimizer = optimizerPlan(layout, settings);
  const on = await optimizerOnDevice(device, layout, optimizer);
  const begun = optimizer.state.filter(({ begins }) => begins === 'parameters');
  for (const name of [PARAMETERS, ...begun.map((state) => state.name)]) {
    device.buffers.write(
      on.of(name),
      flatOf(layout, (index, count) => gradient(index, 1000, count)),
    );
  }
  for (let step = 1; step <= expected.steps; step++) {
    await on.step({ learningRate: settings.learning_rate * rate(step), step });
  }
  const flat = new Float32Array(await device.buffers.read(on.of(PARAMETERS)));
  on.destroy();
  return layout.tensors.flatMap((tensor) => {
    const own = readParameter(flat, partOf(tensor));
    const theirs = valuesOf(stored, `${run}.${tensor.name}${suffix}`);
    return Array.from(theirs, (value, i) => Math.abs(own[i]! - value));
  });
}

const most = (differences: readonly number[]): number => differences.reduce((a, b) => Math.max(a, b), 0);

/** Roundings of parameters of about 1 in all steps, and what torch's own float32 is off. */
const allowed = (run: string): number => expected.steps * 2 ** -23 + 4 * expected.torch_error[run]!;

test('Lion goes 20 steps as bitsandbytes’', async () => {
  expect(most(await differencesOf('lion_32bit', { optim: 'lion_32bit' }))).toBeLessThanOrEqual(
    allowed('lion_32bit'),
  );
});

test('Lion with a moment in 8 bits goes 20 steps as bitsandbytes’', async () => {
  const differences = await differencesOf('lion_8bit', { optim: 'lion_8bit' });
  // A moment that is rounded to the neighbouring code may turn a sign later: as for AdamW, one in 10^4 values a step.
  const others = differences.filter((each) => each > allowed('lion_8bit'));
  expect(others.length / differences.length).toBeLessThanOrEqual(expected.steps * 1e-4);
});

test('Adafactor goes 20 steps as transformers’', async () => {
  expect(most(await differencesOf('adafactor', { optim: 'adafactor' }))).toBeLessThanOrEqual(
    allowed('adafactor'),
  );
});

test.each(['match_rms_adamw', 'original'] as const)('Muon with %s goes 20 steps as torch’s', async (how) => {
  const run = `muon.${how}`;
  const differences = await differencesOf(run, { optim: 'muon', muon_adjust_lr_fn: how });
  expect(most(differences)).toBeLessThanOrEqual(allowed(run));
});

test('schedule-free AdamW averages 20 steps as schedulefree’s in its evaluation mode', async () => {
  const run = 'schedule_free_adamw';
  const rate = (step: number): number => Math.min(1, step / expected.warmup);
  const differences = await differencesOf(run, { optim: run }, { rate, suffix: '.use' });
  expect(most(differences)).toBeLessThanOrEqual(allowed(run));
});
