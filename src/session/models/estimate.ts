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

/** An estimate of a model from its config.json, before any other file is downloaded. */
export interface ModelEstimate extends Fit {
  readonly family: string;
  readonly parameters: number;
  /** Bytes of all the files. */
  readonly downloadBytes: number;
  readonly notes: readonly Message[];
  /** The checkpoint's quantisation: "GPTQ, 4-bit"; absent if it is not quantised. */
  readonly quantized?: string;
  /** Bytes of storage during the opening: the files, and the base in its form on the device. */
  readonly storageNeeded: number;
}

/**
 * Estimates a model for a device's limits, from its parsed config.json and the list of files to download. It assumes
 * batches as long as the settings allow, and allocates nothing. Throws as `readSpec`, `readQuantizationConfig` and
 * `modelLayout`.
 *
 * @param known the layout, if the weights' headers are available; otherwise the stored form is guessed
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
    // If the headers are available, `loadNotes` says more.
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
