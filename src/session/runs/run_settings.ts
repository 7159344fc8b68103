import { TunesmithError } from '../../core/errors';
import {
  FIXED_SETTINGS,
  parseSettings,
  type SettingName,
  type SettingValue,
  type TrainSettings,
} from '../../core/settings/settings';

/** The settings of a run that goes on, with changes where they make sense. Throws `setting_differs`, `setting_invalid`. */
export function resumedSettings(recorded: TrainSettings, changes: Partial<TrainSettings>): TrainSettings {
  checkSame(
    FIXED_SETTINGS,
    changes,
    recorded,
    (setting, given, held) =>
      new TunesmithError({ code: 'setting_differs', values: { setting, given, held } }),
  );
  return parseSettings(changes, recorded);
}

/** Throws `differs` for a setting that was given and is not the one that holds. */
export function checkSame(
  names: readonly SettingName[],
  given: Partial<TrainSettings>,
  held: Partial<TrainSettings>,
  differs: (setting: SettingName, given: string, held: string) => TunesmithError,
): void {
  for (const name of names) {
    const value = given[name];
    if (value === undefined || textOf(value) === textOf(held[name])) continue;
    throw differs(name, textOf(value), textOf(held[name]));
  }
}

/** Lists are compared without regard to their order; of patterns the first that matches counts, so theirs tells. */
function textOf(value: SettingValue | undefined): string {
  if (Array.isArray(value)) return value.toSorted().join(',');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
