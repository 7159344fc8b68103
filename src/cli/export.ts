import { parseSettings, SETTING_NAMES, type TrainSettings } from '../core/settings/settings';
import { folderTarget } from '../exports/targets/folder_target';
import type { FormatName } from '../exports/facts';
import type { ExportCheck, ExportPlan } from '../exports/format';
import { EXPORT_FORMATS, exportFormat } from '../exports/formats';
import { bytesOfFiles } from '../exports/targets/target';
import { planExport, writeExport } from '../session/exports/exporting';
import type { ExportOptions } from '../session/exports/offers';
import type { Progress } from '../session/progress';
import type { Session } from '../session/session';
import type { FileStore } from '../storage/file_store';
import { ADAPTER_OPTION, DATA_OPTION, JSON_OPTION, type Command } from './command';
import { EXAMPLES_FORMATS, givenOptions, optionsOfFormats } from './export_options';
import { messageJson } from './json';
import { language, say, t } from './language';
import { BASE_NAME_OPTION, MODEL_OPTIONS } from './library';
import { openSession, progressText, readData, setExamples } from './open';
import type { Output } from './output';
import { withExportFolder } from './output_folder';
import { interruptible } from './signals';

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
    const options = givenOptions(args, format);
    const data = format.needs === 'examples' ? await readData(args, output) : [];
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
        await writeInto(session, { path, format: format.name, options, settings }, { files, output, signal });
      } finally {
        output.progress('');
        session.close();
      }
    };
    await interruptible((signal) => withExportFolder(path, (files) => work(files, signal)));
  },
};

interface ExportRequest {
  readonly path: string;
  readonly format: FormatName;
  readonly options: ExportOptions;
  readonly settings: TrainSettings;
}

/** Writes an export of a session into a folder, checks it, and reports it. */
export async function writeInto(
  session: Session,
  { path, format, options, settings }: ExportRequest,
  { files, output, signal }: { files: FileStore; output: Output; signal: AbortSignal },
): Promise<void> {
  signal.throwIfAborted();
  const plan = await planExport(session, format, options, language, settings);
  for (const note of plan.notes ?? []) output.note(say(note));
  for (const { name, size } of plan.files) output.note(t.shared.about(name, t.format.bytes(size)));
  const onProgress = (told: Progress): void => output.progress(progressText(told));
  const check = await writeExport(plan, folderTarget(files), { signal, onProgress });
  output.progress('');
  tellExport({ path, format, plan, check }, output);
}

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
