import { TunesmithError } from '../core/errors';
import { DATA_SETTINGS, DEFAULTS, LOAD_SETTINGS, parseSettings } from '../core/settings/settings';
import { columns } from './columns';
import { ADAPTER_OPTION, DATA_OPTION, JSON_OPTION, type Command } from './command';
import { t } from './language';
import { MODEL_OPTIONS } from './library';
import { openSession, readData, setExamples } from './open';

const defaults = { eval_split: 0 };

export const evalCommand: Command = {
  name: 'eval',
  summary: t.cli.summaries.eval,
  options: { ...MODEL_OPTIONS, adapter: ADAPTER_OPTION, data: DATA_OPTION, json: JSON_OPTION },
  settings: [...LOAD_SETTINGS, ...DATA_SETTINGS, 'per_device_train_batch_size'],
  defaults,
  async run(args, output) {
    const settings = parseSettings(args.settings, { ...DEFAULTS, ...defaults });
    const files = await readData(args, output);
    const session = await openSession(args, settings, output);
    try {
      await setExamples(session, files, settings, output);
      const { examples, heldOut } = session.dataset;
      const result = await session.evaluate(settings, settings.eval_split > 0 ? heldOut : examples);
      if (!result) {
        throw new TunesmithError({ code: 'no_targets' });
      }
      const { loss: eval_loss, perplexity, targetTokens: target_tokens } = result;
      output.json({ eval_loss, ...(perplexity !== undefined && { perplexity }), target_tokens });
      const rows = [
        [t.cli.evaluationLoss, eval_loss.toFixed(6)],
        ...(perplexity === undefined ? [] : [[t.cli.perplexity, perplexity.toPrecision(6)]]),
        [t.cli.targetTokens, String(target_tokens)],
      ];
      for (const line of columns(rows)) output.line(line);
    } finally {
      session.close();
    }
  },
};
