import { moduleNames } from '../../models/adapter_files';
import type { ExportSource } from '../format';
import { modelCard, type CardModel } from './model_card';

/** The model card of an export. @param merged if base and adapter are one */
export function cardOf(source: ExportSource, merged?: CardModel): string {
  const { adapter, baseModel, revision, run } = source;
  const { settings, parameters, kind } = adapter.layout;
  const { r, lora_alpha } = settings;
  const target_modules = moduleNames(adapter.layout);
  const described = { kind: kind.title, r, lora_alpha, target_modules, parameters };
  return modelCard({ baseModel, revision, adapter: described, run, merged }, source.language);
}
