import { HUGGING_FACE } from '../core/endpoints';
import { TunesmithError } from '../core/errors';
import { Session } from '../session/session';
import { JSON_OPTION, type Command } from './command';
import { openDevice } from './device';
import { jsonOf } from './json';
import { t } from './language';
import { HUB_OPTIONS, libraryOf } from './library';

export const modelsCommand: Command = {
  name: 'models',
  summary: t.cli.summaries.models,
  options: {
    remove: { value: 'ID', kind: 'text', help: t.cli.options.removeModel },
    cache_dir: HUB_OPTIONS.cache_dir!,
    json: JSON_OPTION,
  },
  settings: [],
  async run(args, output) {
    const library = libraryOf(args, new Session({ openDevice }));
    const models = await library.saved();
    const typed = args.text('remove');
    if (typed === undefined) {
      for (const { id, name, source, bytes, load, usedAt, partial } of models) {
        const used = new Date(usedAt).toISOString();
        const { commit, endpoint } = source.kind === 'hub' ? source : {};
        output.json(jsonOf({ id, name, commit, endpoint, bytes, load, used_at: used, partial }));
        const state = partial
          ? t.cli.modelState.partial
          : load?.load_in_4bit
            ? t.cli.modelState.fourBit
            : (load?.dtype ?? '');
        // Another site may have a different model of the same name.
        const from = endpoint === undefined || endpoint === HUGGING_FACE ? '' : new URL(endpoint).host;
        const columns = [
          id.slice(0, 12),
          t.format.bytes(bytes).padStart(9),
          used.slice(0, 10),
          name,
          state,
          from,
        ];
        output.line(columns.join('  ').trimEnd());
      }
      if (models.length === 0) output.note(t.cli.noModels);
      return;
    }
    const found = models.filter(({ id }) => id.startsWith(typed));
    const [model] = found;
    if (!model || found.length > 1) {
      const values = { id: typed, several: found.length > 1 };
      throw new TunesmithError({ code: 'kept_model_unknown', values });
    }
    await library.remove(model.id);
    output.json({ removed: model.id, name: model.name, bytes: model.bytes });
    output.line(t.cli.removedModel(model.name, model.bytes));
  },
};
