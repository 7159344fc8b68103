import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { DEFAULTS } from '../../src/core/settings/settings';
import { packMicroBatch, textsOf, type TokenizedExample } from '../../src/data/batches';
import { each, listOf, type ExampleList } from '../../src/data/example_list';
import { packed } from '../../src/data/packed_list';
import { readTensors } from '../../src/formats/safetensors';
import type { Device } from '../../src/gpu/device';
import { namedTensors } from '../../src/models/adapter_files';
import { readParameter } from '../../src/models/adapters/layout';
import { sft } from '../../src/models/objectives/sft';
import { compileTraining } from '../../src/models/training';
import { evaluate } from '../../src/train/evaluate';
import { planOf } from '../../src/train/plan';
import { learningRateMultiplier, scheduleOf } from '../../src/train/schedule';
import { loadFixture, maxError, valuesOf, type Example, type Expected } from './fixtures';
import { loadOnDevice } from './load_fixture';

/** The output of make_packing.py. */
interface Fixture {
  readonly size: number;
  readonly settings: NonNullable<Expected['settings']>;
  readonly tolerance_factor: number;
  readonly cases: Readonly<
    Record<
      'bfd' | 'bfd_split',
      {
        readonly rows: readonly Example[];
        /** TRL's bins, as the lengths of their texts. */
        readonly bins: readonly (readonly number[])[];
        readonly losses: readonly number[];
        readonly grad_norms: readonly number[];
        readonly torch_error: Readonly<Record<string, number>>;
      }
    >
  >;
}

const folder = fileURLToPath(new URL('fixtures/packing/', import.meta.url));
const { size, settings, tolerance_factor, cases } = JSON.parse(
  readFileSync(`${folder}expected.json`, 'utf8'),
) as Fixture;
const exact = readTensors(new Uint8Array(readFileSync(`${folder}expected.safetensors`))).tensors;

const exampleOf = ({ input_ids, labels }: Example): TokenizedExample => ({
  ids: Uint32Array.from(input_ids),
  trained: Uint8Array.from(labels, (label) => (label === -100 ? 0 : 1)),
});

export const packings = ['bfd', 'bfd_split'] as const;

/** Trains on packed examples, and expects the bins, the losses, the norms and the adapter of TRL. */
export async function expectPacking(device: Device, strategy: (typeof packings)[number]): Promise<void> {
  const { rows, bins: expectedBins, losses, grad_norms, torch_error } = cases[strategy];
  const list = listOf(rows.map(exampleOf));
  const tolerance = (name: string): number => tolerance_factor * torch_error[name]!;
  const { model, adapter, destroy } = await loadOnDevice(device, loadFixture('llama'), 'f32');
  const chosen = { ...DEFAULTS, ...settings, shuffle: false };
  const program = await compileTraining(model, adapter, { capacity: 2 * size, settings: chosen });

  // TRL's wrapped rows see one another. Here other neighbours change nothing.
  const wrapped = await packed(list, size, 'wrapped');
  const together = await evaluate(program, sft, wrapped);
  const apart = await evaluate(program, sft, listOf(await textsIn(wrapped)));
  expect(together!.targetTokens).toBe(apart!.targetTokens);
  expect(Math.abs(together!.loss - apart!.loss)).toBeLessThanOrEqual(tolerance('losses'));

  const bins = await packed(list, size, strategy);
  const plan = planOf(chosen, bins);
  let counter = 0;
  for (let step = 0; step < plan.steps; step++) {
    const { microBatches } = plan.window(step);
    const batches = [];
    for (const indices of microBatches) {
      const examples = [];
      for (const index of indices) examples.push(await bins.at(index));
      batches.push(packMicroBatch(examples));
    }
    const windowTerms = batches.reduce((sum, { targetTokens }) => sum + targetTokens, 0);
    for (const [index, batch] of batches.entries()) {
      await program.microBatch(batch, { accumulate: index > 0, windowTerms, seed: 0, counter: counter++ });
    }
    const schedule = scheduleOf({ ...DEFAULTS, lr_scheduler_type: 'linear', warmup_steps: 0 }, plan.steps);
    const learningRate = settings.learning_rate * learningRateMultiplier(schedule, step);
    await program.optimizerStep({ learningRate, step: step + 1 });
  }
  const lengths = [];
  for await (const bin of each(bins)) lengths.push(textsOf(bin).map(([first, end]) => end - first));
  expect(lengths).toEqual(expectedBins);

  const steps = await program.metrics();
  expect(
    maxError(
      steps.map(({ loss }) => loss),
      losses,
    ),
  ).toBeLessThanOrEqual(tolerance('losses'));
  expect(
    maxError(
      steps.map(({ gradNorm }) => gradNorm),
      grad_norms,
    ),
  ).toBeLessThanOrEqual(tolerance('grad_norms'));
  const parameters = await adapter.readParameters();
  const named = namedTensors(adapter.layout).map(({ name, tensor }) => ({
    name: `trained.${name}`,
    tensor,
  }));
  for (const kind of ['lora_A', 'lora_B']) {
    const own = named.filter(({ name }) => name.includes(kind));
    // One tensor may be right by luck: the worst of a kind is no accident.
    const allowed = Math.max(...own.map(({ name }) => tolerance(name)));
    for (const { name, tensor } of own) {
      const values = valuesOf(exact, `${strategy}.${name}`);
      expect(maxError(readParameter(parameters, tensor), values), name).toBeLessThanOrEqual(allowed);
    }
  }
  program.destroy();
  destroy();
}

/** The texts of bins, the shortest first. */
async function textsIn(bins: ExampleList): Promise<TokenizedExample[]> {
  const texts: TokenizedExample[] = [];
  for await (const bin of each(bins)) {
    for (const [first, end] of textsOf(bin)) {
      texts.push({ ids: bin.ids.slice(first, end), trained: bin.trained.slice(first, end) });
    }
  }
  return texts.sort((a, b) => a.ids.length - b.ids.length);
}
