import type { Setting } from './setting';
import type { Catalogue } from '../messages/catalogue';
import type { SettingHelp } from '../messages/entry';

/**
 * The help of a setting in a language. Answer settings have a table of their own, because one shares its name with a
 * training setting.
 */
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
