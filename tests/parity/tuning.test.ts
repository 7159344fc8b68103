import { expect, it } from 'vitest';
import { DEFAULTS, type TrainSettings } from '../../src/core/settings/settings';
import { openFolder } from '../../src/cli/files';
import { memoryFile } from '../../src/core/file_reader';
import type { KnownChoices } from '../../src/gpu/choices';
import { Device } from '../../src/gpu/device';
import { adapterLayout } from '../../src/models/adapters/layout';
import { trainingMemory } from '../../src/models/memory';
import { loadableFolder } from '../../src/session/models/loadable';
import { Session } from '../../src/session/session';
import type { TrainingOutcome } from '../../src/session/runs/training';
import { loadCheckpoint } from '../../src/storage/checkpoints';
import { fileCheckpoints } from '../../src/storage/file_runs';
import { KernelChoiceStore } from '../../src/storage/kernel_choices';
import { fileRecords } from '../../src/storage/records';
import { TrainControl } from '../../src/train/control';
import type { TrainEvent } from '../../src/train/events';
import { capacityOf, planOf } from '../../src/train/plan';
import { MemoryFiles } from '../unit/storage/memory_files';
import { gpu } from './dawn';
import { loadFixture, maxError, numberTolerance } from './fixtures';

/** Kernels are fitted to a real device, and a model trains with them as it does with the defaults. */

const fixture = loadFixture('qwen2');
const STEPS = 3;
const settings: TrainSettings = {
  ...DEFAULTS,
  per_device_train_batch_size: 2,
  max_steps: 2 * STEPS,
  save_steps: STEPS,
  r: 4,
  seed: 1,
  eval_split: 0,
  sample_prompts: [],
};
const rows = ['The sea is wide', 'A bird sings', 'Rain falls on the roof', 'One two three four five'];
const jsonl = rows.map((text) => JSON.stringify({ text })).join('\n');
const data = [memoryFile('rows.jsonl', new TextEncoder().encode(jsonl))];

interface Ran {
  readonly outcome: TrainingOutcome;
  readonly known: KnownChoices;
  readonly events: readonly TrainEvent[];
}

/** Trains in a session of its own, on a device of its own; ends after so many steps. */
async function run(options: {
  readonly store?: MemoryFiles;
  readonly checkpoints: MemoryFiles;
  readonly steps: number;
  readonly onStep?: (session: Session, device: Device) => void;
}): Promise<Ran> {
  const { store, checkpoints: files, steps } = options;
  // One choice is measured however slow the device is.
  const tuning = store && {
    store: new KernelChoiceStore(fileRecords(store)),
    software: true,
    seconds: 0.001,
  };
  const session = new Session({ openDevice: () => Device.open(gpu), ...(tuning && { tuning }) });
  try {
    const identity = { name: 'tiny', source: 'files' as const };
    await session.open(await loadableFolder(await openFolder(fixture.folder, 'model'), identity, settings));
    await session.setExamples(data, settings);
    const device = await session.device();
    const events: TrainEvent[] = [];
    const control = new TrainControl();
    const outcome = await session.train({
      settings,
      checkpoints: fileCheckpoints(files, 'run'),
      start: await loadCheckpoint(fileCheckpoints(files, 'run')),
      control,
      onEvent: (event) => {
        events.push(event);
        if (event.event !== 'step') return;
        options.onStep?.(session, device);
        if (event.step === steps) control.stop();
      },
    });
    return { outcome, known: device.choices.known, events };
  } finally {
    session.close();
  }
}

const losses = ({ outcome }: Ran): number[] =>
  outcome.history.flatMap((event) => (event.event === 'step' ? event.loss : []));
const fits = ({ events }: Ran): boolean =>
  events.some((event) => event.event === 'state' && event.message?.code === 'kernels_tuning');

it('kernels that were fitted train as the defaults do, in the memory of the plan, and stay with a run', async () => {
  const checkpoints = new MemoryFiles();
  const plain = await run({ checkpoints, steps: 2 * STEPS });
  expect(fits(plain)).toBe(false);

  const store = new MemoryFiles();
  const kept = new KernelChoiceStore(fileRecords(store));
  let named: Device | undefined;
  const memory: (readonly [taken: number | undefined, planned: number])[] = [];
  const first = await run({
    store,
    checkpoints: new MemoryFiles(),
    steps: STEPS,
    onStep: ({ layout, dataset }, device) => {
      const { limits, buffers } = device;
      named = device;
      const { training, heldOut } = dataset;
      const { per_device_train_batch_size } = settings;
      const batches = planOf(settings, training);
      const capacity = capacityOf(batches, per_device_train_batch_size, training, heldOut);
      const options = { capacity, limits, settings };
      const { activations } = trainingMemory(layout, adapterLayout(layout.spec, settings), options);
      memory.push([buffers.allocated.get('activations'), activations]);
    },
  });
  expect(fits(first)).toBe(true);
  expect(Object.keys(first.known.tuned)).toHaveLength(1);
  expect(first.known.refused).toEqual({});
  expect(await kept.recall(named!)).toEqual(first.known);
  const tolerance = numberTolerance(fixture.expected, 'losses');
  expect(losses(first)).toHaveLength(STEPS);
  expect(maxError(losses(first), losses(plain).slice(0, STEPS))).toBeLessThanOrEqual(tolerance);
  expect(memory).toHaveLength(STEPS);
  for (const [taken, planned] of memory) expect(taken).toBe(planned);

  // A later start knows what was found; a run that began with the defaults goes on with them all the same.
  const others = Object.entries(first.known.tuned).map(
    ([key, { candidates }]) => [key, { candidates, chosen: candidates[1]! }] as const,
  );
  const known = { tuned: Object.fromEntries(others), refused: {} };
  await kept.keep(named!, known);
  await checkpoints.remove(`run/checkpoint-${2 * STEPS}.safetensors`);
  const resumed = await run({ store, checkpoints, steps: 2 * STEPS });
  expect(resumed.known).toEqual(known);
  expect(fits(resumed)).toBe(false);
  expect(resumed.outcome.step).toBe(2 * STEPS);
  expect(resumed.outcome.adapter.parameters).toEqual(plain.outcome.adapter.parameters);
});
