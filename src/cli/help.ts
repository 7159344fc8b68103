import { settingHelp } from '../core/settings/help';
import { isOpen, type Setting } from '../core/settings/setting';
import { ANSWER_SETTINGS, SETTINGS } from '../core/settings/settings';
import { columns } from './columns';
import type { Command } from './command';
import { say, t } from './language';

/** The text of `--help` for all commands. */
export function overview(commands: readonly Command[]): string {
  const list = indented(commands.map(({ name, summary }) => [name, summary]));
  return `${t.cli.usageOfAll}\n\n${list}\n\n${t.cli.helpOfOne}`;
}

/** The text of `--help` for one command. */
export function commandHelp(command: Command): string {
  const { name, summary, options, settings, answers = [], defaults = {}, answerDefaults, words } = command;
  const needed = Object.entries(options).filter(([, { required }]) => required);
  const usage = [words, ...needed.map(([option, { value }]) => `--${option} ${value}`)].filter(
    (part) => part !== undefined,
  );
  const optionRows = Object.entries(options).map(([option, { value, help }]) => [
    `--${option} ${value}`.trim(),
    help,
  ]);
  const settingRows = [
    ...settings
      .filter((setting) => isOpen(SETTINGS[setting]))
      .map((setting) => settingRow(setting, SETTINGS[setting], defaults[setting])),
    ...answers.map((setting) => settingRow(setting, ANSWER_SETTINGS[setting], answerDefaults?.[setting])),
  ];
  return [
    t.cli.usage([name, ...usage]),
    t.cli.summary(summary),
    `${t.cli.optionsTitle}\n${indented(optionRows)}`,
    ...(settingRows.length > 0 ? [`${t.cli.settingsTitle}\n${indented(settingRows)}`] : []),
    ...(answers.length > 0 && !answerDefaults ? [t.cli.answersFromModel] : []),
  ].join('\n\n');
}

function settingRow(name: string, setting: Setting, fallback: unknown = setting.default): string[] {
  const { kind } = setting;
  const { help } = settingHelp(t, name, setting);
  const words = kind.control.type === 'switch' ? help : t.cli.withRange(help, say(kind.range));
  return [`--${name} ${kind.toText(fallback)}`, words];
}

function indented(rows: readonly (readonly string[])[]): string {
  return columns(rows)
    .map((line) => `  ${line}`)
    .join('\n');
}
