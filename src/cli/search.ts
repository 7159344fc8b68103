import { bytesText } from '../core/bytes';
import { LOAD_SETTINGS, parseSettings } from '../core/settings/settings';
import { jsonOf } from './json';
import { Session } from '../session/session';
import { JSON_OPTION, type Command } from './command';
import { openDevice } from './device';
import { HUB_OPTIONS, libraryOf } from './library';
import { interruptible } from './signals';

export const searchCommand: Command = {
  name: 'search',
  summary: 'finds models of the hub that can be trained here, and whether they fit',
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
          parameters === undefined ? undefined : `${(parameters / 1e6).toFixed(0)} M parameters`,
          bytes === undefined ? undefined : bytesText(bytes),
          license,
          gated ? 'gated' : undefined,
          fits === undefined ? undefined : FITS[fits],
        ];
        output.line(`${repo}  ${parts.filter((part) => part !== undefined).join(', ')}`);
      }
      if (models.length === 0) output.note('No model that can be trained here was found.');
    } finally {
      session.close();
    }
  },
};

const FITS = { yes: 'fits', tight: 'may only just fit', no: 'does not fit' };
