import { TunesmithError } from '../../core/errors';
import {
  FIXED_SETTINGS,
  parseSettings,
  type SettingName,
  type SettingValue,
  type TrainSettings,
} from '../../core/settings/settings';

/** The settings of a continued run, with the allowed changes. Throws `setting_differs`, `setting_invalid`. */
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

/** Throws `differs` for a given setting whose value differs from the present one. */
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

/**
 * A text for comparing values. The order of lists does not matter; that of patterns does, because the first match
 * counts.
 */
function textOf(value: SettingValue | undefined): string {
  if (Array.isArray(value)) return value.toSorted().join(',');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
