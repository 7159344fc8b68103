import { moduleNames } from '../../models/adapter_files';
import type { ExportSource, ExportUse } from '../format';
import { modelCard, type CardModel } from './model_card';

/**
 * The model card of an export.
 *
 * @param merged if base and adapter are one
 * @param uses how to run its files, the usual program first
 */
export function cardOf(source: ExportSource, merged?: CardModel, uses: readonly ExportUse[] = []): string {
  const { adapter, base, run } = source;
  const { settings, parameters, kind } = adapter.layout;
  const { finetuning_type, r, lora_alpha } = settings;
  const target_modules = moduleNames(adapter.layout);
  const described = {
    ...{ kind: kind.title, lora_alpha, target_modules, parameters },
    ...(finetuning_type === 'lora' && { r }),
    ...(kind.isBase && { trainsBase: true as const }),
  };
  return modelCard({ base, adapter: described, run, merged, uses }, source.language);
}
