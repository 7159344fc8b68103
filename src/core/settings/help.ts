import type { Setting } from './setting';
import type { Catalogue } from '../messages/catalogue';
import type { SettingHelp } from '../messages/entry';

/**
 * The help of a setting in a language. The settings of an answer and of a mix have tables of their own, because some share
 * their names with training settings.
 */
export function settingHelp(
  words: Pick<Catalogue, 'answerHelp' | 'mixHelp' | 'settingHelp'>,
  name: string,
  { group }: Pick<Setting, 'group'>,
): SettingHelp {
  const all: Readonly<Record<string, string | SettingHelp>> =
    group === 'answers' ? words.answerHelp : group === 'mixing' ? words.mixHelp : words.settingHelp;
  const entry = all[name] ?? '';
  return typeof entry === 'string' ? { help: entry } : entry;
}
