import { TunesmithError } from '../../core/errors';
import { dataKey, type DataSettings } from '../../core/settings/settings';
import type { ExportedExamples } from '../../exports/format';
import type { OpenModel } from '../models/open';
import { makeDataset, type Dataset, type DatasetOptions } from './dataset';

/**
 * The examples of a data set for an export.
 *
 * @param settings those that the data set was made with
 * @throws TunesmithError `no_examples`; `examples_outdated` if it was made with others
 */
export function exportedExamples(
  model: OpenModel,
  dataset: Dataset,
  settings: DataSettings,
  options: Pick<DatasetOptions, 'scratch'>,
): ExportedExamples {
  if (dataset.key !== dataKey(settings)) throw new TunesmithError({ code: 'examples_outdated' });
  if (dataset.training.length === 0) throw dataset.obstacle ?? new TunesmithError({ code: 'no_examples' });
  const { unpacked: training, heldOut, records } = dataset;
  return {
    training,
    heldOut,
    records,
    samples: () => dataset.samples(),
    withExamplesOf: async (file, work) => {
      const again = await makeDataset(
        model,
        [file],
        // The rows are clean, and some may stand there more often than once. The file may have the name of a source.
        { ...settings, eval_split: 0, cleaning: 'none', sources: {} },
        options,
      );
      try {
        return await work(again.unpacked);
      } finally {
        await again.close();
      }
    },
  };
}
