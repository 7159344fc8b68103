import { needsTotal, rowRange, sliceText, type Slice } from '../../core/dataset_reference';
import { TunesmithError } from '../../core/errors';
import { memoryFile, type FileReader } from '../../core/file_reader';
import { unpacked } from '../../data/files/archives';
import { DataFault } from '../../data/files/fault';
import type { Entry } from '../../data/files/format';
import { entriesOf } from '../../data/files/formats';
import { parquetEntries, parquetRowCount } from '../../data/files/parquet';
import { fetchSmallFile } from '../repository';
import { Requester } from '../requester';
import type { Hub, Repository, RepositoryFile } from '../types';
import { partsOfFile, streamedFile, type RemoteOptions } from './remote_file';
import type { DatasetSplit } from './splits';
import { textRows } from './text_rows';

/** Rows that are read one after the other. */
export interface RowsOptions extends RemoteOptions {
  /** Called once with the number of rows, as soon as it is known. */
  readonly onTotal?: (rows: number) => void;
}

/**
 * The rows of a split, or of a slice of it. Downloads no more than they need: of Parquet files the row groups that have
 * them, of other files the beginning. A slice that counts from the end, or in percent, needs the number of rows, for
 * which a file that is not Parquet has to be read to its end once before.
 *
 * @throws TunesmithError `dataset_no_rows`, `dataset_file`, `repository_file_large`, `endpoint_…`, `download_…`
 */
export async function* datasetRows(
  hub: Hub,
  repository: Repository,
  { name, files }: Pick<DatasetSplit, 'name' | 'files'>,
  slice: Slice,
  options: RowsOptions = {},
): AsyncGenerator<Entry, void, void> {
  const sources = files.map((file) => new FileRows(hub, repository, file, options));
  const isWhole = sliceText(slice) === '';
  const total = needsTotal(slice) ? await totalOf(sources) : Infinity;
  const [begin, end] = rowRange(slice, total);
  if (Number.isFinite(end)) options.onTotal?.(end - begin);
  let first = 0;
  let count = 0;
  for (const source of sources) {
    if (first >= end) break;
    const rows = source.read([Math.max(0, begin - first), end - first]);
    for await (const entry of rows) {
      count++;
      yield entry;
    }
    first += source.passed;
  }
  if (count > 0) return;
  const values = { split: name, rows: isWhole ? 0 : first, slice: sliceText(slice) };
  throw new TunesmithError({ code: 'dataset_no_rows', values });
}

async function totalOf(sources: readonly FileRows[]): Promise<number> {
  let total = 0;
  for (const source of sources) total += await source.count();
  return total;
}

/** The rows of one file of a hub. */
class FileRows {
  /** Rows that the last reading has passed by: all, unless it ended before. */
  passed = 0;
  readonly #file: RepositoryFile;
  readonly #parquet: FileReader | undefined;
  readonly #open: () => Promise<FileReader>;

  constructor(hub: Hub, repository: Repository, file: RepositoryFile, options: RemoteOptions) {
    const requester = new Requester(hub);
    this.#file = file;
    if (/\.parquet$/i.test(file.path)) this.#parquet = partsOfFile(requester, repository, file, options);
    this.#open = async () => {
      if (!/\.gz$/i.test(file.path)) return streamedFile(requester, repository, file, options);
      const bytes = await fetchSmallFile(hub, repository, file.path, options);
      options.onBytes?.(bytes.length);
      const { files } = await unpacked(memoryFile(file.path, bytes), () => Promise.resolve());
      return files[0] ?? memoryFile(file.path, new Uint8Array());
    };
  }

  /** The number of all rows. */
  async count(): Promise<number> {
    const parquet = this.#parquet;
    if (parquet) return await this.#readable(() => parquetRowCount(parquet));
    const rows = this.read([0, Infinity]);
    while (!(await rows.next()).done);
    return this.passed;
  }

  /** The rows from the first to before the second. */
  async *read([begin, end]: readonly [number, number]): AsyncGenerator<Entry, void, void> {
    this.passed = 0;
    const parquet = this.#parquet;
    if (parquet) {
      const rows = await this.count();
      this.passed = rows;
      if (begin < rows) yield* this.#told(parquetEntries(parquet, [begin, Math.min(end, rows)]));
      return;
    }
    const file = await this.#readable(this.#open);
    // The parts of a large file that would tell its encoding lie far apart.
    const options = file.size > LOOKED_AT ? { encoding: 'utf-8' } : {};
    const isText = /\.txt(?:\.gz)?$/i.test(this.#file.path);
    const entries = isText ? textRows(file, options.encoding) : entriesOf(file, { options });
    for await (const entry of this.#told(entries)) {
      if (this.passed++ >= begin) yield entry;
      if (this.passed >= end) return;
    }
  }

  async *#told(entries: AsyncIterable<Entry>): AsyncGenerator<Entry, void, void> {
    try {
      yield* entries;
    } catch (error) {
      throw this.#inWords(error);
    }
  }

  async #readable<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.#inWords(error);
    }
  }

  #inWords(error: unknown): unknown {
    if (!(error instanceof DataFault)) return error;
    const values = { file: this.#file.path, reason: error.reason };
    return new TunesmithError({ code: 'dataset_file', values, cause: error });
  }
}

/** Bytes of a text whose encoding is found out; a larger one is UTF-8, as `datasets` takes it to be. */
const LOOKED_AT = 4 * 2 ** 20;
