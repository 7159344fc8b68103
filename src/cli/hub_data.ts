import { requireDatasetReference, type DatasetReference } from '../core/dataset_reference';
import { TunesmithError } from '../core/errors';
import { blobReader, type FileReader } from '../core/file_reader';
import { message } from '../core/messages/message';
import { HubDatasets } from '../session/data/hub_datasets';
import type { Arguments } from './arguments';
import { columns } from './columns';
import { jsonOf } from './json';
import { say, t } from './language';
import { hubOf } from './library';
import type { Output } from './output';
import { interruptible } from './signals';

/** The beginning of a name of `--data` that is no path. */
const HUB = 'hub:';

/** The rows of a data set of a hub that a text names, `hub:owner/name[,configuration][,split][slice]`; undefined for a path. */
export function hubRows(text: string, args: Arguments, output: Output): Promise<FileReader> | undefined {
  if (!text.startsWith(HUB)) return undefined;
  return fetched(referenceOf(text), args, output);
}

async function fetched(reference: DatasetReference, args: Arguments, output: Output): Promise<FileReader> {
  const datasets = datasetsOf(reference, args);
  const { name, content, notes } = await interruptible((signal) =>
    datasets.fetch(
      reference,
      ({ label, fraction }) => {
        const share = fraction === undefined ? [] : [t.format.percent(Math.floor(fraction * 100) / 100)];
        output.progress([...share, say(label)].join(' · '));
      },
      signal,
    ),
  );
  output.progress('');
  for (const note of notes) output.note(say(note));
  return blobReader(name, content);
}

/** Shows what the data sets of `--data` have: their licences, configurations, splits and sizes. */
export async function showDatasets(args: Arguments, output: Output): Promise<void> {
  const references = args
    .list('data')
    .filter((text) => text.startsWith(HUB))
    .map(referenceOf);
  if (references.length === 0) throw new TunesmithError({ code: 'dataset_info_of_files' });
  for (const reference of references) {
    const report = await interruptible((signal) => datasetsOf(reference, args).look(reference, signal));
    output.json(jsonOf(report));
    const { repo, commit, license = t.cli.licenseUnknown, gated, converted, configs } = report;
    output.line(`${repo}@${commit}`);
    output.line(gated ? t.cli.gatedLicense(license) : license);
    if (converted) output.note(say(message('dataset_converted', { repo })));
    const lines = configs.flatMap((config) =>
      config.splits.map(({ name, rows, bytes, files }) => {
        const size = t.cli.fileSizes(files, bytes);
        return [`${config.name},${name}`, t.format.series([...(rows ? [t.cli.rowCount(rows)] : []), size])];
      }),
    );
    for (const line of columns(lines)) output.line(`  ${line}`);
  }
}

function referenceOf(text: string): DatasetReference {
  return requireDatasetReference(text.slice(HUB.length));
}

function datasetsOf({ endpoint }: DatasetReference, args: Arguments): HubDatasets {
  return new HubDatasets(() => hubOf(args, endpoint, process.env));
}
