import { basename, resolve } from 'node:path';
import { TunesmithError } from '../core/errors';
import { settingHelp } from '../core/settings/help';
import {
  MIX_SETTING_NAMES,
  MIX_SETTINGS,
  mixSettingFromText,
  mixSettingsOf,
  parseMixSettings,
  type MixSettingName,
  type MixSettings,
} from '../core/settings/mixing';
import type { Setting } from '../core/settings/setting';
import { LOAD_SETTINGS, parseSettings } from '../core/settings/settings';
import type { MixPart } from '../session/models/mixed';
import type { Arguments, OptionSpec } from './arguments';
import { ADAPTER_OPTION, JSON_OPTION, type Command } from './command';
import { writeInto } from './export';
import { openFolder } from './files';
import { say, t } from './language';
import { BASE_NAME_OPTION, MODEL_OPTIONS } from './library';
import { openBase } from './open';
import { withExportFolder } from './output_folder';
import { interruptible } from './signals';

/** Adapters of one base become one, written as a PEFT folder that the other commands take as any other. */
export const mixCommand: Command = {
  name: 'mix',
  summary: t.cli.summaries.mix,
  options: {
    ...MODEL_OPTIONS,
    adapter: {
      ...ADAPTER_OPTION,
      value: 'DIR=WEIGHT…',
      kind: 'list',
      required: true,
      help: t.cli.options.mixed,
    },
    output: { value: 'DIR', kind: 'text', required: true, help: t.cli.options.outputFolder },
    ...Object.fromEntries(MIX_SETTING_NAMES.map((name) => [name, optionOf(name)])),
    ...BASE_NAME_OPTION,
    json: JSON_OPTION,
  },
  settings: LOAD_SETTINGS,
  async run(args, output) {
    const settings = parseSettings(args.settings);
    const mixing = mixingOf(args);
    const given = args.list('adapter').map(weightedFolder);
    const folders = await Promise.all(given.map(({ path }) => openFolder(path, 'adapter')));
    const path = args.required('output');
    await interruptible((signal) =>
      withExportFolder(path, async (files) => {
        const session = await openBase(args, settings, output);
        try {
          const parts: MixPart[] = [];
          for (const [index, folder] of folders.entries()) {
            const { tuned, notes } = await session.readAdapter(folder);
            for (const note of notes) output.note(say(note));
            parts.push({ name: given[index]!.path, weight: given[index]!.weight, tuned });
          }
          const { tuned, notes } = session.mix(parts, mixing);
          for (const note of notes) output.note(say(note));
          session.setTuned(tuned);
          await writeInto(
            session,
            { path, format: 'peft', options: {}, settings },
            { files, output, signal },
          );
        } finally {
          output.progress('');
          session.close();
        }
      }),
    );
  },
};

function optionOf(name: MixSettingName): OptionSpec {
  const setting: Setting = MIX_SETTINGS[name];
  const { kind } = setting;
  const { help, options } = settingHelp(t, name, setting);
  const meanings = Object.entries(options ?? {}).map(([choice, meaning]) =>
    t.cli.choiceMeaning(choice, meaning),
  );
  const told = meanings.length > 0 ? t.cli.choices(meanings, help) : t.cli.withRange(help, say(kind.range));
  return { value: kind.toText(setting.default), kind: 'text', help: told };
}

/** Throws `setting_invalid`, and `mix_setting_unused` for a setting without an effect. */
function mixingOf(args: Arguments): MixSettings {
  const given = MIX_SETTING_NAMES.flatMap((name) => {
    const text = args.text(name);
    return text === undefined ? [] : [[name, mixSettingFromText(name, text)] as const];
  });
  const settings = parseMixSettings(Object.fromEntries(given));
  const { combination_type: type } = settings;
  const unused = given.find(([name]) => !mixSettingsOf(type).includes(name));
  if (unused) throw new TunesmithError({ code: 'mix_setting_unused', values: { name: unused[0], type } });
  return settings;
}

/** Reads `DIR=WEIGHT`; without a weight it is 1. Throws `mix_weight`. */
function weightedFolder(text: string): { readonly path: string; readonly weight: number } {
  const at = text.lastIndexOf('=');
  if (at < 0) return { path: text, weight: 1 };
  const typed = text.slice(at + 1);
  const weight = typed.trim() === '' ? NaN : Number(typed);
  if (Number.isFinite(weight)) return { path: text.slice(0, at), weight };
  throw new TunesmithError({
    code: 'mix_weight',
    values: { name: basename(resolve(text.slice(0, at))), given: typed },
  });
}
