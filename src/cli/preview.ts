import { adviceMessage } from '../core/advice';
import { inEnglish } from '../core/messages/english';
import { memoryParts } from '../core/memory_purposes';
import { parseSettings, SETTING_NAMES } from '../core/settings/settings';
import { Session } from '../session/session';
import { columns } from './columns';
import { JSON_OPTION, type Command } from './command';
import { openDevice } from './device';
import { jsonOf, messageJson } from './json';
import { say, t } from './language';
import { MODEL_OPTIONS, libraryOf, modelOrigin, tuningOf } from './library';
import { interruptible } from './signals';

export const previewCommand: Command = {
  name: 'preview',
  summary: t.cli.summaries.preview,
  options: { ...MODEL_OPTIONS, json: JSON_OPTION },
  settings: SETTING_NAMES,
  async run(args, output) {
    const settings = parseSettings(args.settings);
    const origin = await modelOrigin(args);
    const session = new Session({ openDevice, tuning: tuningOf(args) });
    try {
      const { limits } = await session.device();
      const library = libraryOf(args, session, origin);
      const preview = await interruptible((signal) =>
        library.preview(origin, { load: settings, settings, limits }, signal),
      );
      output.json({
        ...jsonOf(preview),
        advice: preview.advice.map((each) => jsonOf({ ...each, message: inEnglish(adviceMessage(each)) })),
        notes: preview.notes.map(messageJson),
      });
      const { name, family, parameters, license, gated, alreadyStored, downloadBytes } = preview;
      output.line(t.cli.modelLine(name, family, parameters));
      const known = license ?? t.cli.licenseUnknown;
      const { storageNeeded: needed, storageFree: free } = preview;
      const facts = [
        ...(license !== undefined || gated
          ? [[t.cli.preview.license, gated ? t.cli.gatedLicense(known) : known]]
          : []),
        [t.cli.preview.download, alreadyStored ? t.cli.downloadNone : t.format.bytes(downloadBytes)],
        [
          t.cli.preview.storage,
          free === undefined ? t.format.bytes(needed) : t.cli.storageOfFree(needed, free),
        ],
        [t.cli.preview.memory, t.cli.memoryFits(preview.memoryTotal, preview.fits)],
      ];
      for (const line of columns(facts)) output.line(line);
      const parts = memoryParts(preview.memory);
      const rows = parts.map(({ purpose, bytes }) => [t.memory[purpose], t.format.bytesNeeded(bytes)]);
      for (const line of columns(rows)) output.line(`  ${line}`);
      for (const advice of preview.advice) output.line(`- ${say(adviceMessage(advice))}`);
      for (const note of preview.notes) output.note(say(note));
    } finally {
      session.close();
    }
  },
};
