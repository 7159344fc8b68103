import { datasetFileName, sliceText, type Slice } from '../../core/dataset_reference';
import { TunesmithError } from '../../core/errors';
import { losslessText } from '../../core/lossless_json';
import { message, type Message } from '../../core/messages/message';
import { TimeSlices } from '../../core/time_slices';
import type { CallOptions, Hub } from '../types';
import type { ChosenSplit, Dataset } from './listing';
import { datasetRows } from './rows';

/** Rows of a data set as a file of JSON Lines. */
export interface DownloadedRows {
  /** Tells the data set, its commit, the split and the slice. */
  readonly name: string;
  readonly content: Blob;
  readonly rows: number;
  /** Bytes that were downloaded. */
  readonly bytes: number;
  readonly notes: readonly Message[];
}

/** The state of a download. */
export interface RowsProgress {
  readonly rows: number;
  /** Absent while it is not known. */
  readonly total?: number;
  readonly bytes: number;
}

export interface DownloadRowsOptions extends CallOptions {
  readonly onProgress?: (progress: RowsProgress) => void;
}

/** Characters of the rows, at most: a browser keeps them until they are stored with a run. */
const MOST_CHARACTERS = 2 ** 30;
/** Characters of rows that are turned into bytes at once. */
const PART = 2 ** 20;

/**
 * Downloads a slice of a split. A row that can't be read is left out, and a note counts them.
 *
 * @throws TunesmithError as `datasetRows`; `dataset_large`
 */
export async function downloadRows(
  hub: Hub,
  { repository, commit, configs }: Dataset,
  { config, split }: ChosenSplit,
  slice: Slice,
  { signal, onProgress }: DownloadRowsOptions = {},
): Promise<DownloadedRows> {
  const slices = new TimeSlices(signal);
  const parts: Blob[] = [];
  const faults: Message[] = [];
  let text = '';
  let characters = 0;
  let [rows, bytes, faulty] = [0, 0, 0];
  let total = sliceText(slice) === '' ? split.rows : undefined;
  const tell = (): void => onProgress?.({ rows, bytes, ...(total !== undefined && { total }) });
  const entries = datasetRows(hub, repository, split, slice, {
    ...(signal && { signal }),
    onTotal: (found) => (total = found),
    onBytes: (more) => {
      bytes += more;
      tell();
    },
  });
  for await (const entry of entries) {
    if (await slices.giveWay()) tell();
    if ('fault' in entry) {
      faulty++;
      if (faults.length === 0) faults.push(entry.fault.reason);
      continue;
    }
    const line = `${losslessText(entry.value)}\n`;
    rows++;
    characters += line.length;
    if (characters > MOST_CHARACTERS)
      throw new TunesmithError({ code: 'dataset_large', values: { bytes: MOST_CHARACTERS } });
    text += line;
    if (text.length < PART) continue;
    parts.push(new Blob([text]));
    text = '';
  }
  const { repo } = repository;
  const named = configs.length > 1 ? config.name : undefined;
  return {
    name: datasetFileName({ repo, commit, config: named, split: split.name, slice }),
    content: new Blob([...parts, text]),
    rows,
    bytes,
    notes: [
      ...(split.isPart ? [message('dataset_part', { repo, split: split.name })] : []),
      ...faults.map((reason) => message('dataset_rows_left', { repo, rows: faulty, reason })),
    ],
  };
}
