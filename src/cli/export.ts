import { TunesmithError } from '../core/errors';
import { LOAD_SETTINGS, parseSettings, SETTING_NAMES, type SettingName } from '../core/settings/settings';
import { folderTarget } from '../exports/targets/folder_target';
import type { ExportCheck, ExportOption, ExportPlan } from '../exports/format';
import { EXPORT_FORMATS, exportFormat } from '../exports/formats';
import { bytesOfFiles } from '../exports/targets/target';
import { planExport, writeExport } from '../session/exports/exporting';
import type { Progress } from '../session/progress';
import type { FileStore } from '../storage/file_store';
import type { Arguments, OptionSpec } from './arguments';
import { ADAPTER_OPTION, DATA_OPTION, JSON_OPTION, type Command } from './command';
import { messageJson } from './json';
import { language, say, t } from './language';
import { BASE_NAME_OPTION, MODEL_OPTIONS } from './library';
import { openSession, progressText, readData, setExamples } from './open';
import type { Output } from './output';
import { withExportFolder } from './output_folder';
import { interruptible } from './signals';

/** The formats of examples and settings; the others need an adapter. */
const EXAMPLES_FORMATS = EXPORT_FORMATS.flatMap(({ name, needs }) => (needs === 'examples' ? name : []));

/** The settings that the formats of adapters take. */
const ADAPTER_SETTINGS: readonly SettingName[] = [...LOAD_SETTINGS, 'template'];

export const exportCommand: Command = {
  name: 'export',
  summary: t.cli.summaries.export,
  options: {
    ...MODEL_OPTIONS,
    adapter: { ...ADAPTER_OPTION, help: t.cli.options.adapterNeeded(EXAMPLES_FORMATS) },
    data: { ...DATA_OPTION, required: false, help: t.cli.options.dataOfExport(EXAMPLES_FORMATS) },
    format: {
      value: 'FORMAT',
      kind: 'text',
      required: true,
      help: t.cli.formatHelps(EXPORT_FORMATS.map(({ name, help }) => ({ name, help: say(help) }))),
    },
    output: { value: 'DIR', kind: 'text', required: true, help: t.cli.options.outputFolder },
    ...optionsOfFormats(),
    original_model: { value: 'MODEL', kind: 'text', help: t.cli.options.originalModel },
    ...BASE_NAME_OPTION,
    json: JSON_OPTION,
  },
  settings: SETTING_NAMES,
  async run(args, output) {
    const settings = parseSettings(args.settings);
    const format = exportFormat(args.required('format'));
    const options = optionsOf(args, format.name);
    checkNeeds(args, format);
    const data = format.needs === 'examples' ? await readData(args) : [];
    const path = args.required('output');
    const work = async (files: FileStore, signal: AbortSignal): Promise<void> => {
      const session = await openSession(args, settings, output);
      try {
        if (format.needs === 'examples') await setExamples(session, data, settings, output);
        else {
          // Without the setting, the files beside the adapter tell its template.
          const { template } = args.settings;
          if (template) session.setTuned({ ...session.requireTuned(), template });
        }
        signal.throwIfAborted();
        const plan = await planExport(session, format.name, options, language, settings);
        for (const note of plan.notes ?? []) output.note(say(note));
        for (const { name, size } of plan.files) output.note(t.shared.about(name, t.format.bytes(size)));
        const onProgress = (told: Progress): void => output.progress(progressText(told));
        const check = await writeExport(plan, folderTarget(files), { signal, onProgress });
        output.progress('');
        tellExport({ path, format: format.name, plan, check }, output);
      } finally {
        output.progress('');
        session.close();
      }
    };
    await interruptible((signal) => withExportFolder(path, (files) => work(files, signal)));
  },
};

interface WrittenExport {
  readonly path: string;
  readonly format: string;
  readonly plan: ExportPlan;
  readonly check: ExportCheck;
}

function tellExport({ path, format, plan, check }: WrittenExport, output: Output): void {
  const { checked, difference, allowed, share, weightError, sameTokens, measured } = check;
  output.json({
    output: path,
    format,
    files: plan.files.map(({ name, size }) => ({ name, bytes: size })),
    notes: (plan.notes ?? []).map(messageJson),
    difference,
    allowed,
    ...(share !== undefined && { share }),
    ...(weightError !== undefined && { weight_error: weightError }),
    ...(sameTokens && { same_tokens: { ...sameTokens } }),
    ...(measured && { measured: { ...measured } }),
  });
  const found = t.format.paragraph(checked.map(say));
  output.line(t.cli.exported(path, format, bytesOfFiles(plan.files), found));
}

/** Throws `argument_missing` for an option that the format needs, `argument_of_other_format` for one of another. */
function checkNeeds(args: Arguments, format: ReturnType<typeof exportFormat>): void {
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
  if (typed === undefined) return;
  const [owner = ''] = EXAMPLES_FORMATS;
  const values = { option: typed, format: format.name, owner };
  throw new TunesmithError({ code: 'argument_of_other_format', values });
}

/** The options of all formats; several formats may have one of the same name. The help of each names its formats. */
function optionsOfFormats(): Readonly<Record<string, OptionSpec>> {
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

/** The given options. Throws `argument_of_other_format` for one of another format. */
function optionsOf(args: Arguments, format: string): Readonly<Record<string, string>> {
  const own = new Set(exportFormat(format).options.map(({ name }) => name));
  const given: Record<string, string> = {};
  for (const { name: owner, options } of EXPORT_FORMATS) {
    for (const { name: option } of options) {
      const value = args.text(option);
      if (value === undefined) continue;
      if (!own.has(option)) {
        throw new TunesmithError({ code: 'argument_of_other_format', values: { option, format, owner } });
      }
      given[option] = value;
    }
  }
  return given;
}
