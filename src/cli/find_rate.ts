import { message } from '../core/messages/message';
import { parseSettings, SETTING_NAMES } from '../core/settings/settings';
import { TrainControl } from '../train/control';
import type { TrainEvent } from '../train/events';
import { columns } from './columns';
import { DATA_OPTION, JSON_OPTION, type Command } from './command';
import { t } from './language';
import { MODEL_OPTIONS } from './library';
import { openSession, progressText, readData, setExamples } from './open';
import { interruptible } from './signals';

/** Rows of the table that a person reads. */
const TABLE_ROWS = 20;

export const findRateCommand: Command = {
  name: 'find-rate',
  summary: t.cli.summaries.findRate,
  options: { ...MODEL_OPTIONS, data: DATA_OPTION, json: JSON_OPTION },
  settings: SETTING_NAMES,
  async run(args, output) {
    const settings = parseSettings(args.settings);
    const files = await readData(args, output);
    await interruptible(async (signal) => {
      const session = await openSession(args, settings, output);
      try {
        await setExamples(session, files, settings, output);
        if (session.dataset.obstacle) throw session.dataset.obstacle;
        const onEvent = (event: TrainEvent): void => {
          if (event.event !== 'state') return;
          const { message: label = message('rates_trying'), fraction } = event;
          output.progress(progressText({ label, fraction }));
        };
        const { points, suggestion } = await session.findRate(settings, new TrainControl(signal), onEvent);
        output.progress('');
        for (const { rate, loss, smoothed } of points) output.json({ learning_rate: rate, loss, smoothed });
        const every = Math.max(1, Math.ceil(points.length / TABLE_ROWS));
        const shown = points.filter((_, index) => index % every === 0 || index === points.length - 1);
        const rows = shown.map(({ rate, smoothed }) => [rate.toExponential(2), smoothed.toFixed(4)]);
        for (const line of columns([t.cli.rateColumns, ...rows])) output.line(line);
        const rate = suggestion === undefined ? undefined : Number(suggestion.toPrecision(2));
        output.json({ suggestion: rate ?? null });
        output.line(rate === undefined ? t.cli.noRate : t.cli.suggestedRate(rate));
      } finally {
        session.close();
      }
    });
  },
};
