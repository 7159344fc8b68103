import { LOAD_SETTINGS, parseSettings } from '../core/settings/settings';
import { jsonOf } from './json';
import { Session } from '../session/session';
import { JSON_OPTION, type Command } from './command';
import { openDevice } from './device';
import { t } from './language';
import { HUB_OPTIONS, libraryOf } from './library';
import { interruptible } from './signals';

export const searchCommand: Command = {
  name: 'search',
  summary: t.cli.summaries.search,
  words: 'WORDS',
  options: { ...HUB_OPTIONS, json: JSON_OPTION },
  settings: LOAD_SETTINGS,
  async run(args, output) {
    const settings = parseSettings(args.settings);
    const session = new Session({ openDevice });
    try {
      const { limits } = await session.device();
      const library = libraryOf(args, session);
      const query = args.words.join(' ');
      const models = await interruptible((signal) =>
        library.search(query, { load: settings, settings, limits }, signal),
      );
      for (const model of models) {
        output.json(jsonOf(model));
        const { repo, parameters, bytes, license, gated, fits } = model;
        const parts = [
          parameters === undefined ? undefined : t.cli.millionParameters(parameters),
          bytes === undefined ? undefined : t.format.bytes(bytes),
          license,
          gated ? t.cli.gated : undefined,
          fits === undefined ? undefined : t.cli.fits[fits],
        ];
        output.line(`${repo}  ${t.format.series(parts.filter((part) => part !== undefined))}`);
      }
      if (models.length === 0) output.note(t.cli.nothingFound);
    } finally {
      session.close();
    }
  },
};
