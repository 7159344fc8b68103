import { TunesmithError } from '../../core/errors';
import type { FileReader } from '../../core/file_reader';
import { dataKey, type DataSettings } from '../../core/settings/settings';
import type { TokenizedExample } from '../../data/batches';
import { filled } from '../../data/placeholders';
import { recordsOf, type Sample } from '../../data/records';
import type { ExportedExamples } from '../../exports/format';
import type { OpenModel } from '../models/open';
import { makeDataset, type Dataset } from './dataset';

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
): ExportedExamples {
  if (dataset.key !== dataKey(settings)) throw new TunesmithError({ code: 'examples_outdated' });
  if (dataset.training.length === 0) throw new TunesmithError({ code: 'no_examples' });
  const { training, heldOut } = dataset;
  return {
    training,
    heldOut,
    samples: () => samplesOf(dataset, settings),
    read: async (file: FileReader) => {
      const { examples } = await makeDataset(model, [file], { ...settings, eval_split: 0 });
      return examples;
    },
  };
}

/** Reads the usable records again, in the order of the examples, with the placeholders filled. */
async function* samplesOf(
  { usedFiles, problems, heldOut, examples }: Dataset,
  { placeholders }: DataSettings,
): AsyncGenerator<{ sample: Sample; heldOut: boolean }> {
  const apart = new Set<TokenizedExample | undefined>(heldOut);
  let at = 0;
  for (const file of usedFiles) {
    const unused = new Set(problems.flatMap((problem) => (problem.file === file.name ? problem.record : [])));
    for await (const result of recordsOf(file)) {
      if (!('sample' in result) || unused.has(result.record)) continue;
      yield { sample: filled(result.sample, placeholders), heldOut: apart.has(examples[at++]) };
    }
  }
}
