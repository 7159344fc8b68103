import type { LoadSettings } from '../../src/core/settings/settings';
import { DEFAULTS } from '../../src/core/settings/settings';
import { packMicroBatch, type Batch } from '../../src/data/batches';
import { openFolder } from '../../src/cli/files';
import type { Device } from '../../src/gpu/device';
import { Adapter } from '../../src/models/adapter';
import { openCheckpoint } from '../../src/models/files';
import type { Generator } from '../../src/models/generation';
import { loadModel } from '../../src/models/load';
import type { Model } from '../../src/models/model';
import { readAdapterFiles } from '../../src/models/adapter_files';
import { optimizerPlan } from '../../src/models/optimizers';
import type { OptimizerSettings } from '../../src/models/optimizers/optimizer';
import type { Example, Fixture, Variant } from './fixtures';

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
  { folder, adapterFolder }: Fixture,
  variant: Variant,
  settings: OptimizerSettings = DEFAULTS,
): Promise<LoadedFixture> {
  const checkpoint = await openCheckpoint(await openFolder(folder, 'model'));
  const model = await loadModel(device, checkpoint, loadSettingsOf(variant), () => undefined);
  const files = await openFolder(adapterFolder, 'adapter');
  const { layout, parameters } = await readAdapterFiles(files, checkpoint.spec);
  const adapter = new Adapter(device, layout, optimizerPlan(layout, settings));
  adapter.writeParameters(parameters);
  const destroy = (): void => {
    adapter.destroy();
    model.destroy();
  };
  return { model, adapter, destroy };
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
