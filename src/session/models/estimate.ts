import { message, type Message } from '../../core/messages/message';
import { memoryKey, type LoadSettings, type TrainSettings } from '../../core/settings/settings';
import { readSpec } from '../../models/config';
import { familyLabel } from '../../models/families';
import { linearNotes } from '../../models/load_notes';
import { modelLayout, positionsOf, weightSlots, type ModelLayout } from '../../models/layout';
import { adapterLayout } from '../../models/adapters/layout';
import { parameterCount } from '../../models/spec';
import { expectedForms, type ListedFile } from '../../models/stored/expected_forms';
import type { Limits } from '../../ops/op';
import { fitOf, needOf, remembered, type Fit, type Need } from '../plans/fit';
import { rowsOfSettings, runMemory } from '../plans/run_memory';

/** What is known of a model before anything but its config.json is fetched. */
export interface ModelEstimate extends Fit {
  readonly family: string;
  readonly parameters: number;
  /** Of all the files. */
  readonly downloadBytes: number;
  readonly notes: readonly Message[];
  /** How the checkpoint is quantised already: "GPTQ, 4-bit"; else absent. */
  readonly quantized?: string;
  /** Bytes of storage while it is opened: the files, and the base as it lies on the device. */
  readonly storageNeeded: number;
}

/**
 * Judges a model by its parsed config.json and the list of the files that opening it would fetch, for a device's limits:
 * batches are taken to be as long as the settings allow. Nothing is allocated. Throws what `readSpec`,
 * `readQuantizationConfig` and `modelLayout` refuse.
 *
 * @param known the layout, where the weights' headers are at hand; else it follows from a guess at how they are stored
 */
export function estimateModel(
  config: unknown,
  files: readonly ListedFile[],
  load: LoadSettings,
  settings: TrainSettings,
  limits: Limits,
  known?: (load: LoadSettings, maxBinding: number) => ModelLayout,
): ModelEstimate {
  const spec = readSpec(config);
  const weights = files.filter(({ path }) => /\.(safetensors|gguf)$/i.test(path));
  const { formOf, quantized, converted } = expectedForms(spec, config, weights);
  const maxBinding = limits.maxStorageBufferBindingSize;
  const layoutFor = (chosen: LoadSettings): ModelLayout =>
    known ? known(chosen, maxBinding) : modelLayout(spec, formOf, chosen, maxBinding);
  const chosen = { ...settings, ...load };
  const measure = remembered(
    (changed: TrainSettings): Need =>
      needOf(() => {
        const layout = layoutFor(changed);
        const adapter = adapterLayout(spec, changed);
        return runMemory(layout, adapter, changed, rowsOfSettings(layout, changed), limits);
      }, limits),
    memoryKey,
  );
  const downloadBytes = files.reduce((sum, { size }) => sum + size, 0);
  const positions = positionsOf(spec);
  const notes = [
    // Where the headers are at hand, they tell more: see `loadNotes`.
    ...(known ? [] : linearNotes(converted, load)),
    ...(settings.max_seq_length > positions
      ? [message('positions_limit', { positions, max_seq_length: settings.max_seq_length })]
      : []),
  ];
  const layout = layoutFor(load);
  return {
    family: familyLabel(spec),
    parameters: parameterCount(spec),
    downloadBytes,
    ...fitOf(chosen, measure),
    notes,
    ...(quantized !== undefined && { quantized }),
    storageNeeded: downloadBytes + weightSlots(layout).reduce((sum, { bytes }) => sum + bytes, 0),
  };
}
