import type { AsyncBuffer, FileMetaData, RowGroup } from 'hyparquet';
import { TunesmithError } from '../../core/errors';
import type { FileReader } from '../../core/file_reader';
import { message } from '../../core/messages/message';
import { DataFault } from './fault';
import type { BinaryFormat, Entry, FormatSource } from './format';
import { PARSERS, parquetRecord, Unreadable } from './parquet_values';

/** Bytes of a row group, unpacked, that are read at once. */
const MOST_AT_ONCE = 64 * 2 ** 20;
/** Bytes at the end that are read at first to find the descriptions of the row groups. */
const FOOTER = 2 ** 16;

/** Parquet, read a row group at a time, and a part of it if the group is large. */
export const PARQUET: BinaryFormat = {
  names: ['Parquet'],
  endings: ['.parquet'],
  mediaTypes: ['application/vnd.apache.parquet'],
  fitsBytes: (head) => String.fromCharCode(...head.subarray(0, 4)) === 'PAR1',
  entries: entriesOfParquet,
};

async function* entriesOfParquet({ file }: Pick<FormatSource, 'file'>): AsyncGenerator<Entry, void, void> {
  const rows = await parquetRowCount(file);
  if (rows === 0) throw new DataFault({ code: 'empty', reason: message('list_empty') });
  yield* parquetEntries(file, [0, rows]);
}

/** Number of rows of a Parquet file, from its end alone. @throws DataFault */
export async function parquetRowCount(file: FileReader): Promise<number> {
  return Number((await metadataOf(file)).num_rows);
}

/** The records of some rows, from the first to before the second. Reads only the row groups that have them. @throws DataFault */
export async function* parquetEntries(
  file: FileReader,
  [from, to]: readonly [number, number],
): AsyncGenerator<Entry, void, void> {
  const { parquetReadObjects, parquetSchema } = await import('hyparquet');
  const metadata = await metadataOf(file);
  const { children } = parquetSchema(metadata);
  const compressors = needsCompressors(metadata)
    ? (await import('hyparquet-compressors')).compressors
    : undefined;
  let first = 0;
  for (const group of metadata.row_groups) {
    const rows = Number(group.num_rows);
    const step = Math.max(1, Math.floor((rows * MOST_AT_ONCE) / Math.max(MOST_AT_ONCE, bytesOf(group))));
    const end = Math.min(to, first + rows);
    for (let begin = Math.max(from, first); begin < end; begin += step) {
      const records = await readable(
        parquetReadObjects({
          file: bufferOf(file),
          metadata,
          rowStart: begin,
          rowEnd: Math.min(end, begin + step),
          useOffsetIndex: true,
          parsers: PARSERS,
          ...(compressors && { compressors }),
        }),
      );
      for (const record of records) yield entryOf(record, children);
    }
    first += rows;
  }
}

async function metadataOf(file: FileReader): Promise<FileMetaData> {
  const { parquetMetadataAsync } = await import('hyparquet');
  return await readable(parquetMetadataAsync(bufferOf(file), { initialFetchSize: FOOTER }));
}

function entryOf(record: Record<string, unknown>, columns: Parameters<typeof parquetRecord>[1]): Entry {
  try {
    return { value: parquetRecord(record, columns) };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { fault: error.fault };
  }
}

function bufferOf(file: FileReader): AsyncBuffer {
  return {
    byteLength: file.size,
    slice: async (begin, end) => {
      const bytes = await file.read(begin, Math.min(end ?? file.size, file.size));
      return bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;
    },
  };
}

function bytesOf({ total_byte_size }: RowGroup): number {
  return Number(total_byte_size);
}

/** hyparquet itself reads uncompressed and Snappy pages. */
function needsCompressors({ row_groups }: FileMetaData): boolean {
  return row_groups.some(({ columns }) =>
    columns.some(
      ({ meta_data }) => meta_data !== undefined && !['UNCOMPRESSED', 'SNAPPY'].includes(meta_data.codec),
    ),
  );
}

/** Turns an error of the library into one for the person. */
async function readable<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    const isOther =
      error instanceof TunesmithError || !(error instanceof Error) || error.name === 'AbortError';
    if (isOther) throw error;
    throw new DataFault({
      code: 'parquet',
      reason: message('parquet_unreadable', { detail: error.message }),
    });
  }
}
