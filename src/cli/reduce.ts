import { DATA_SETTINGS, LOAD_SETTINGS, parseSettings } from '../core/settings/settings';
import { folderTarget } from '../exports/targets/folder_target';
import { planExport, writeExport } from '../session/exports/exporting';
import { reduceTunedNoise, type NoiseReduction } from '../session/noise_reduction';
import type { Progress } from '../session/progress';
import { columns } from './columns';
import { ADAPTER_OPTION, DATA_OPTION, JSON_OPTION, type Command } from './command';
import { language, t } from './language';
import { BASE_NAME_OPTION, MODEL_OPTIONS } from './library';
import { openSession, progressText, readData, setExamples } from './open';
import { withExportFolder } from './output_folder';
import { interruptible } from './signals';

export const reduceCommand: Command = {
  name: 'reduce',
  summary: t.cli.summaries.reduce,
  options: {
    ...MODEL_OPTIONS,
    adapter: { ...ADAPTER_OPTION, required: true },
    data: { ...DATA_OPTION, required: false },
    output: { value: 'DIR', kind: 'text', required: true, help: t.cli.options.outputFolder },
    ...BASE_NAME_OPTION,
    json: JSON_OPTION,
  },
  settings: [...LOAD_SETTINGS, ...DATA_SETTINGS, 'per_device_train_batch_size'],
  async run(args, output) {
    const settings = parseSettings(args.settings);
    const data = args.list('data').length > 0 ? await readData(args, output) : [];
    const path = args.required('output');
    const onProgress = (told: Progress): void => output.progress(progressText(told));
    await interruptible((signal) =>
      withExportFolder(path, async (files) => {
        const session = await openSession(args, settings, output);
        try {
          if (data.length > 0) await setExamples(session, data, settings, output);
          const request = { settings: data.length > 0 ? settings : undefined, onProgress, signal };
          const { tuned, ...reduction } = await reduceTunedNoise(session, request);
          session.setTuned(tuned);
          const plan = await planExport(session, 'peft', {}, language);
          await writeExport(plan, folderTarget(files), { signal, onProgress });
          output.progress('');
          output.json({ output: path, ...jsonOf(reduction) });
          for (const line of columns(rowsOf(reduction))) output.line(line);
        } finally {
          output.progress('');
          session.close();
        }
      }),
    );
  },
};

function jsonOf({ modules, parameters, loss }: NoiseReduction): Record<string, unknown> {
  return { modules, parameters, ...(loss && { loss }) };
}

function rowsOf({ modules, parameters, loss }: NoiseReduction): string[][] {
  const change = (before: string, after: string): string => t.exporting.noise.change(before, after);
  return [
    ...modules.map(({ path, from, to }) => [path, change(String(from), String(to))]),
    [t.exporting.parameters, change(t.format.count(parameters.before), t.format.count(parameters.after))],
    ...(loss
      ? [[t.exporting.noise.loss[loss.over], change(loss.before.toFixed(4), loss.after.toFixed(4))]]
      : []),
  ];
}
