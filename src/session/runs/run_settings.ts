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
  checkSame(FIXED_SETTINGS, changes, recorded, 'the run was begun with');
  return parseSettings(changes, recorded);
}

/**
 * Throws `setting_differs` for a setting that was given and differs from what holds.
 *
 * @param owner what has the other value: "the run was begun with"
 */
export function checkSame(
  names: readonly SettingName[],
  given: Partial<TrainSettings>,
  held: Partial<TrainSettings>,
  owner: string,
): void {
  for (const name of names) {
    const value = given[name];
    if (value === undefined || textOf(value) === textOf(held[name])) continue;
    throw new TunesmithError({
      code: 'setting_differs',
      message: `${name} is ${textOf(value)}, but ${owner} ${textOf(held[name])}.`,
      hint: `Leave ${name} out.`,
    });
  }
}

/** Lists are compared without regard to their order; of patterns the first that matches counts, so theirs tells. */
function textOf(value: SettingValue | undefined): string {
  if (Array.isArray(value)) return value.toSorted().join(',');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
