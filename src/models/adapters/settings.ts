import { ADAPTER_SETTINGS, DEFAULTS, type TrainSettings } from '../../core/settings/settings';
import type { AdapterSettings as WholeSettings } from '../../core/settings/table';

export type { WholeSettings };

/** Settings of an adapter, by PEFT's names; missing ones have the table's defaults. */
export type AdapterSettings = Partial<WholeSettings> & Pick<WholeSettings, 'target_modules'>;

const NAMES: readonly string[] = [...ADAPTER_SETTINGS, 'lora_dropout' satisfies keyof TrainSettings];

/** Picks the adapter's settings, with defaults for the missing ones. */
export function wholeSettings(settings: AdapterSettings): WholeSettings {
  const all = Object.entries<unknown>({ ...DEFAULTS, ...settings });
  return Object.fromEntries(all.filter(([name]) => NAMES.includes(name))) as unknown as WholeSettings;
}
