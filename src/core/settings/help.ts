import type { Setting } from './setting';
import type { Catalogue } from '../messages/catalogue';
import type { SettingHelp } from '../messages/entry';

/** The help of a setting in a language: the settings of an answer have their own, since one shares its name with another. */
export function settingHelp(
  words: Pick<Catalogue, 'answerHelp' | 'settingHelp'>,
  name: string,
  { group }: Pick<Setting, 'group'>,
): SettingHelp {
  const all: Readonly<Record<string, string | SettingHelp>> =
    group === 'answers' ? words.answerHelp : words.settingHelp;
  const entry = all[name] ?? '';
  return typeof entry === 'string' ? { help: entry } : entry;
}
