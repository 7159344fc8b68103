import { expect } from 'vitest';
import type { LoadSettings } from '../../src/core/settings/settings';
import { DEFAULTS } from '../../src/core/settings/settings';
import { packMicroBatch, type Batch } from '../../src/data/batches';
import { openFolder } from '../../src/cli/files';
import type { Device } from '../../src/gpu/device';
import { adapterTensorName } from '../../src/formats/peft';
import type { TensorBytes } from '../../src/formats/safetensors';
import { Adapter } from '../../src/models/adapter';
import { adapterLayout, writeParameter, type AdapterLayout } from '../../src/models/adapters/layout';
import type { AdapterState } from '../../src/models/adapters/layout';
import type { ModelSpec } from '../../src/models/spec';
import { openCheckpoint } from '../../src/models/files';
import type { Generator } from '../../src/models/generation';
import { loadModel } from '../../src/models/load';
import type { Model } from '../../src/models/model';
import { readAdapterFiles } from '../../src/models/adapter_files';
import { optimizerPlan } from '../../src/models/optimizers';
import type { OptimizerSettings } from '../../src/models/optimizers/optimizer';
import type { TrainingProgram } from '../../src/models/training_program';
import { learningRateMultiplier, scheduleOf } from '../../src/train/schedule';
import { updatesOf, valuesOf, type Example, type Expected, type Fixture, type Variant } from './fixtures';

/** A fixture on a device: its base, and the adapter beside it ready to be trained. */
export interface LoadedFixture {
  readonly model: Model;
  readonly adapter: Adapter;
  readonly destroy: () => void;
}

export const loadSettingsOf = (variant: Variant): LoadSettings => ({
  load_in_4bit: variant === 'nf4',
  bnb_4bit_use_double_quant: true,
  dtype: 'auto',
});

export async function loadOnDevice(
  device: Device,
  { folder, adapterFolder, start }: Fixture,
  variant: Variant,
  settings: OptimizerSettings = DEFAULTS,
): Promise<LoadedFixture> {
  const checkpoint = await openCheckpoint(await openFolder(folder, 'model'));
  const model = await loadModel(device, checkpoint, loadSettingsOf(variant), () => undefined);
  const files = await openFolder(adapterFolder, 'adapter');
  const read = await readAdapterFiles(files, checkpoint.spec);
  const layout = start ? pissaLayout(checkpoint.spec, read.layout) : read.layout;
  const adapter = new Adapter(device, layout, optimizerPlan(layout, settings));
  if (start) await adapter.writeStart(model, { ...pissaState(layout, start), parameters: read.parameters });
  else adapter.writeParameters(read.parameters);
  const destroy = (): void => {
    adapter.destroy();
    model.destroy();
  };
  return { model, adapter, destroy };
}

/** The layout of a PiSSA adapter of the same rank as this one of LoRA. */
export function pissaLayout(spec: ModelSpec, { settings }: AdapterLayout): AdapterLayout {
  return adapterLayout(spec, { ...settings, init_lora_weights: 'pissa' });
}

/** The initial values of a PiSSA adapter, from a pair under PEFT's names. */
export function pissaState(layout: AdapterLayout, start: ReadonlyMap<string, TensorBytes>): AdapterState {
  const state = { parameters: new Float32Array(layout.size), frozen: new Float32Array(layout.frozenSize) };
  for (const { path, scale, tensors, frozen } of layout.modules) {
    const valuesOfPart = (part: string): Float32Array =>
      valuesOf(start, adapterTensorName({ module: path, part: `lora_${part}.weight` }));
    for (const tensor of tensors) {
      writeParameter(state.parameters, tensor, valuesOfPart(tensor.part.at(-1)!));
    }
    const [A, B] = frozen;
    writeParameter(state.frozen, A!, valuesOfPart('A'));
    writeParameter(
      state.frozen,
      B!,
      valuesOfPart('B').map((value) => -scale * value),
    );
  }
  return state;
}

/** Examples packed one after the other, as training packs them. */
export function batchOf(examples: readonly Example[]): Batch {
  return packMicroBatch(
    examples.map(({ input_ids, labels }) => ({
      ids: Uint32Array.from(input_ids),
      trained: Uint8Array.from(labels, (label) => (label === -100 ? 0 : 1)),
    })),
  );
}

const argmax = (values: Float32Array): number => values.indexOf(values.reduce((a, b) => Math.max(a, b)));

/** The likeliest tokens after a prompt. */
export async function greedy(
  generator: Generator,
  prompt: readonly number[],
  count: number,
): Promise<number[]> {
  const ids = [...prompt];
  let logits = await generator.next(prompt, 0);
  for (;;) {
    ids.push(argmax(logits));
    if (ids.length === prompt.length + count) return ids.slice(prompt.length);
    logits = await generator.next(ids.slice(-1), ids.length - 1);
  }
}

/** Makes a fixture's updates; the metrics are left to be read. */
export async function runUpdates(
  program: TrainingProgram,
  expected: Expected,
  variant: Variant,
): Promise<void> {
  const { settings, train, ...numbers } = updatesOf(expected, variant);
  const schedule = scheduleOf({ ...DEFAULTS, ...settings }, settings.max_steps);
  let counter = 0;
  for (const [step, window] of train.micro_batches.entries()) {
    const batches = window.map((indices) => batchOf(indices.map((index) => train.examples[index]!)));
    const windowTerms = batches.reduce((sum, { targetTokens }) => sum + targetTokens, 0);
    expect(windowTerms).toBe(numbers.target_tokens[step]);
    for (const [index, batch] of batches.entries()) {
      const values = { accumulate: index > 0, windowTerms, seed: 0, counter: counter++ };
      await program.microBatch(batch, values);
    }
    const learningRate = settings.learning_rate * learningRateMultiplier(schedule, step);
    expect(learningRate).toBeCloseTo(numbers.learning_rates[step]!, 12);
    await program.optimizerStep({ learningRate, step: step + 1 });
  }
}
