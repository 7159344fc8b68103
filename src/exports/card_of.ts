import { moduleNames } from '../models/adapter_files';
import type { ExportSource } from './format';
import { modelCard } from './model_card';

/** The model card of an export. @param mergedDtype of the weights, if base and adapter are one */
export function cardOf(source: ExportSource, mergedDtype?: string): string {
  const { adapter, baseModel, revision, run } = source;
  const { settings, parameters } = adapter.layout;
  const { r, lora_alpha } = settings;
  const described = { r, lora_alpha, target_modules: moduleNames(adapter.layout), parameters };
  return modelCard({ baseModel, revision, adapter: described, run, mergedDtype });
}
