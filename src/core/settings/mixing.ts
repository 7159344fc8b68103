import { choice, number, optional, whole } from './kind';
import { message } from '../messages/message';
import { parseText, parseValues } from './parse';
import { defaultsOf, namesOf, setting, type NameOf, type Values } from './setting';

/** The ways of mixing that drop values, by PEFT's names; the second half of them drops at random. */
export const SPARSE_MIXES = ['ties', 'dare_linear', 'dare_ties'] as const;

/** How adapters are mixed, with the names of PEFT's `add_weighted_adapter`. */
export const MIX_SETTINGS = {
  combination_type: setting(choice(['svd', 'linear', 'cat', ...SPARSE_MIXES]), {
    default: 'svd',
    group: 'mixing',
  }),
  density: setting(number({ above: 0, most: 1 }), { default: 0.5, group: 'mixing' }),
  majority_sign_method: setting(choice(['total', 'frequency']), { default: 'total', group: 'mixing' }),
  svd_rank: setting(optional(whole(1, 1024), message('setting_highest_rank')), {
    default: null,
    group: 'mixing',
  }),
  seed: setting(whole(0, 2 ** 32 - 1), { default: 42, group: 'mixing' }),
};

export type MixSettings = Values<typeof MIX_SETTINGS>;
export type MixSettingName = NameOf<typeof MIX_SETTINGS>;
export type CombinationType = MixSettings['combination_type'];

export const MIX_DEFAULTS: MixSettings = defaultsOf(MIX_SETTINGS);
export const MIX_SETTING_NAMES: readonly MixSettingName[] = namesOf(MIX_SETTINGS);

/** The combination types for which a setting has an effect; absent if it has one for all. */
const USERS: Readonly<Partial<Record<MixSettingName, readonly CombinationType[]>>> = {
  density: SPARSE_MIXES,
  majority_sign_method: ['ties', 'dare_ties'],
  svd_rank: ['svd'],
  seed: ['dare_linear', 'dare_ties'],
};

/** The settings that have an effect for a combination type. */
export function mixSettingsOf(type: CombinationType): readonly MixSettingName[] {
  return MIX_SETTING_NAMES.filter((name) => USERS[name]?.includes(type) ?? true);
}

/** As `parseSettings`, for the settings of a mix. */
export function parseMixSettings(input: unknown): MixSettings {
  return parseValues(MIX_SETTINGS, input, MIX_DEFAULTS);
}

/** As `settingFromText`, for the settings of a mix. */
export function mixSettingFromText(name: MixSettingName, text: string): MixSettings[MixSettingName] {
  return parseText(MIX_SETTINGS, name, text);
}
