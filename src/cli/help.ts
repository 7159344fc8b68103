import { isOpen, type Setting } from '../core/settings/setting';
import { ANSWER_SETTINGS, SETTINGS } from '../core/settings/settings';
import type { Command } from './command';

/** What `--help` says of all commands. */
export function overview(commands: readonly Command[]): string {
  const usage = 'tunesmith COMMAND --model MODEL [options]';
  const list = columns(commands.map(({ name, summary }) => [name, summary]));
  return `Usage: ${usage}\n\n${list}\n\ntunesmith COMMAND --help tells the options and settings of one.`;
}

/** What `--help` says of one command. */
export function commandHelp(command: Command): string {
  const { name, summary, options, settings, answers = [], defaults = {}, words } = command;
  const needed = Object.entries(options).filter(([, { required }]) => required);
  const usage = [words, ...needed.map(([option, { value }]) => `--${option} ${value}`)]
    .filter((part) => part !== undefined)
    .map((part) => `${part} `)
    .join('');
  const optionRows = Object.entries(options).map(([option, { value, help }]) => [
    `--${option} ${value}`.trim(),
    help,
  ]);
  const settingRows = [
    ...settings
      .filter((setting) => isOpen(SETTINGS[setting]))
      .map((setting) => settingRow(setting, SETTINGS[setting], defaults[setting])),
    ...answers.map((setting) => settingRow(setting, ANSWER_SETTINGS[setting])),
  ];
  return [
    `Usage: tunesmith ${name} ${usage}[options]`,
    `${summary[0]?.toUpperCase() ?? ''}${summary.slice(1)}.`,
    `Options:\n${columns(optionRows)}`,
    ...(settingRows.length > 0 ? [`Settings, with their defaults:\n${columns(settingRows)}`] : []),
    ...(answers.length > 0
      ? ['Answers begin as the model’s generation_config.json recommends, if it does.']
      : []),
  ].join('\n\n');
}

function settingRow(
  name: string,
  { kind, help, ...entry }: Setting,
  fallback: unknown = entry.default,
): string[] {
  const range = kind.control.type === 'switch' ? '' : ` (${kind.range})`;
  return [`--${name} ${kind.toText(fallback)}`, `${help}${range}`];
}

function columns(rows: readonly (readonly string[])[]): string {
  const width = rows.reduce((widest, [first = '']) => Math.max(widest, first.length), 0);
  return rows.map(([first = '', second = '']) => `  ${first.padEnd(width)}  ${second}`).join('\n');
}
