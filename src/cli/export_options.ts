import { TunesmithError } from '../core/errors';
import { LOAD_SETTINGS, SETTING_NAMES, type SettingName } from '../core/settings/settings';
import type { ExportOption } from '../exports/format';
import { EXPORT_FORMATS } from '../exports/formats';
import { BASE_OPTION } from '../exports/merged/base_option';
import type { Arguments, OptionSpec } from './arguments';
import { ADAPTER_OPTION, DATA_OPTION } from './command';
import { say, t } from './language';

type AnyFormat = (typeof EXPORT_FORMATS)[number];

/** The formats of examples and settings; the others need an adapter. */
export const EXAMPLES_FORMATS = EXPORT_FORMATS.flatMap(({ name, needs }) =>
  needs === 'examples' ? name : [],
);

/** The settings that the formats of adapters take. */
const ADAPTER_SETTINGS: readonly SettingName[] = [...LOAD_SETTINGS, 'template'];

/** The options of all formats; several formats may have one of the same name. The help of each names its formats. */
export function optionsOfFormats(): Readonly<Record<string, OptionSpec>> {
  const options: Record<string, OptionSpec> = {};
  for (const format of EXPORT_FORMATS) {
    for (const { name, value, help, choices, meanings, default: usual } of format.options) {
      const told = choices ? t.cli.choices(choices.map(meaningOf(meanings)), say(help)) : say(help);
      const text = t.cli.optionOfFormat(format.name, told, usual);
      const before = options[name]?.help;
      options[name] = {
        value,
        kind: 'text',
        help: before === undefined ? text : t.format.paragraph([before, text]),
      };
    }
  }
  return options;
}

/** A function from a choice to its words in a help page. */
function meaningOf(meanings: ExportOption['meanings'] = {}): (choice: string) => string {
  return (choice) => {
    const { label, help = label } = meanings[choice] ?? {};
    return help ? t.cli.choiceMeaning(choice, say(help)) : choice;
  };
}

/**
 * The options of a format as they are given.
 *
 * @throws TunesmithError `argument_missing` for one that the format needs; `argument_of_other_format`,
 *   `export_original_unused` for one that has no effect
 */
export function givenOptions(args: Arguments, format: AnyFormat): Readonly<Record<string, string>> {
  requireNeeds(args, format);
  const own = new Set(format.options.map(({ name }) => name));
  const given: Record<string, string> = {};
  for (const option of new Set(EXPORT_FORMATS.flatMap(({ options }) => options.map(({ name }) => name)))) {
    const value = args.text(option);
    if (value === undefined) continue;
    if (!own.has(option)) throw ofOthers(option, format, ownersOf(option));
    given[option] = value;
  }
  if (args.text('original_model') !== undefined && given[BASE_OPTION.name] !== 'original') {
    throw new TunesmithError({ code: 'export_original_unused' });
  }
  return given;
}

function requireNeeds(args: Arguments, format: AnyFormat): void {
  const ofExamples = format.needs === 'examples';
  const [option, { value }] = ofExamples
    ? (['data', DATA_OPTION] as const)
    : (['adapter', ADAPTER_OPTION] as const);
  if (args.text(option) === undefined) {
    throw new TunesmithError({ code: 'argument_missing', values: { command: 'export', option, value } });
  }
  if (ofExamples) return;
  const foreign = ['data', ...SETTING_NAMES.filter((name) => !ADAPTER_SETTINGS.includes(name))];
  const typed = foreign.find((name) => args.text(name) !== undefined);
  if (typed !== undefined) throw ofOthers(typed, format, EXAMPLES_FORMATS);
}

/** The formats that have an option. */
function ownersOf(option: string): readonly string[] {
  return EXPORT_FORMATS.filter(({ options }) => options.some(({ name }) => name === option)).map(
    ({ name }) => name,
  );
}

function ofOthers(option: string, { name: format }: AnyFormat, owners: readonly string[]): TunesmithError {
  return new TunesmithError({ code: 'argument_of_other_format', values: { option, format, owners } });
}
