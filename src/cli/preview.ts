import { adviceText } from '../core/advice';
import { bytesText } from '../core/bytes';
import { memoryParts } from '../core/memory_purposes';
import { parseSettings, SETTING_NAMES } from '../core/settings/settings';
import { Session } from '../session/session';
import { JSON_OPTION, type Command } from './command';
import { openDevice } from './device';
import { jsonOf } from './json';
import { say } from './language';
import { MODEL_OPTIONS, libraryOf, modelOrigin, tuningOf } from './library';
import { interruptible } from './signals';

export const previewCommand: Command = {
  name: 'preview',
  summary: 'what a model takes, from its config.json and the list of its files alone: fetches no weights',
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
      output.json(jsonOf(preview));
      const { name, family, parameters, license, gated, alreadyStored, downloadBytes } = preview;
      output.line(`${name}: ${family}, ${parameters.toLocaleString('en-US')} parameters`);
      if (license !== undefined || gated) {
        output.line(
          `licence   ${license ?? 'not told'}${gated ? ', gated: its owner has to let you in' : ''}`,
        );
      }
      output.line(`download  ${alreadyStored ? 'none: it is kept' : bytesText(downloadBytes)}`);
      output.line(`storage   ${bytesText(preview.storageNeeded)}${freeText(preview.storageFree)}`);
      output.line(`memory    ${bytesText(preview.memoryTotal)}: ${preview.fits ? 'fits' : 'does not fit'}`);
      for (const { label, bytes } of memoryParts(preview.memory)) {
        output.line(`  ${label.padEnd(16)} ${bytesText(bytes)}`);
      }
      for (const advice of preview.advice) output.line(`- ${adviceText(advice)}`);
      for (const note of preview.notes) output.note(say(note));
    } finally {
      session.close();
    }
  },
};

function freeText(bytes: number | undefined): string {
  return bytes === undefined ? '' : ` of ${bytesText(bytes)} that are free`;
}
