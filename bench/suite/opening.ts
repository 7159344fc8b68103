import type { Device } from '../../src/gpu/device';
import { loadModel } from '../../src/models/load';
import { compileTraining } from '../../src/models/training';
import { openBase, saveBase } from '../../src/storage/saved_base';
import type { FileStore } from '../../src/storage/file_store';
import { randomBatch } from './contents';
import { Filler } from './fill';
import type { Measurement } from './measure';
import { configOf, layoutsOf, LOAD, type ModelName } from './models';
import { freshAdapter, randomModel } from './random_model';
import { LEARNING_RATE, SETTINGS } from './steps';

/** The environment of opening a base. */
export interface OpeningEnvironment {
  /** Opens a device without any pipelines. */
  readonly openDevice: () => Promise<Device>;
  /** The store of bases. */
  readonly store: FileStore;
}

export interface Opening extends Measurement {
  destroy(): Promise<void>;
}

/**
 * Measures the time from a saved base to the metrics of the first training step: opening the device, reading the
 * weights, comparing them with their hashes, uploading them, compiling the programs, and one step.
 */
export async function firstStep(
  device: Device,
  { openDevice, store }: OpeningEnvironment,
  { model: name, tokens }: { readonly model: ModelName; readonly tokens: number },
): Promise<Opening> {
  const { spec, model: layout } = layoutsOf(name, device.limits.maxStorageBufferBindingSize);
  const model = await randomModel(device, new Filler(device), layout);
  await device.queue.idle();
  const facts = {
    tokenizer: {},
    tokenizerConfig: {},
    templateFile: undefined,
    generationConfig: undefined,
    texts: {},
  };
  const id = await saveBase(
    store,
    model,
    { config: configOf(name), ...facts, notes: [] },
    { name, source: { kind: 'files', name }, modelHash: `bench ${name}` },
  );
  model.destroy();
  return {
    run: async () => {
      const started = performance.now();
      const opened = await openDevice();
      try {
        // Tuning results are kept too.
        opened.choices.recall(device.choices.known);
        const base = await openBase(store, id);
        if (!base) throw new Error('the base was not kept');
        const loaded = await loadModel(opened, base.checkpoint, LOAD);
        const limit = opened.limits.maxStorageBufferBindingSize;
        const adapter = freshAdapter(opened, layoutsOf(name, limit).adapter);
        const program = await compileTraining(loaded, adapter, {
          capacity: tokens,
          settings: SETTINGS,
        });
        const batch = randomBatch(tokens, spec.vocabularySize);
        const values = { accumulate: false, windowTerms: batch.targetTokens, seed: 0, counter: 0 };
        await program.microBatch(batch, values);
        await program.optimizerStep({ learningRate: LEARNING_RATE, step: 1 });
        await program.metrics();
        return (performance.now() - started) / 1000;
      } finally {
        opened.destroy();
      }
    },
    destroy: async () => {
      await store.remove('bases');
    },
  };
}
