import type { AsyncBuffer, FileMetaData, RowGroup } from 'hyparquet';
import { TunesmithError } from '../../core/errors';
import type { FileReader } from '../../core/file_reader';
import { message } from '../../core/messages/message';
import { DataFault } from './fault';
import type { BinaryFormat, Entry, FormatSource } from './format';
import { PARSERS, parquetRecord, Unreadable } from './parquet_values';

/** Bytes of a row group, unpacked, that are read at once. */
const MOST_AT_ONCE = 64 * 2 ** 20;

/** Parquet, read a row group at a time, and a part of it if the group is large. */
export const PARQUET: BinaryFormat = {
  names: ['Parquet'],
  endings: ['.parquet'],
  mediaTypes: ['application/vnd.apache.parquet'],
  fitsBytes: (head) => String.fromCharCode(...head.subarray(0, 4)) === 'PAR1',
  entries: entriesOfParquet,
};

async function* entriesOfParquet({ file }: Pick<FormatSource, 'file'>): AsyncGenerator<Entry, void, void> {
  const { parquetMetadataAsync, parquetReadObjects, parquetSchema } = await import('hyparquet');
  const buffer = bufferOf(file);
  const metadata = await readable(parquetMetadataAsync(buffer));
  const { children } = parquetSchema(metadata);
  const compressors = needsCompressors(metadata)
    ? (await import('hyparquet-compressors')).compressors
    : undefined;
  if (metadata.num_rows === 0n) throw new DataFault({ code: 'empty', reason: message('list_empty') });
  let first = 0;
  for (const group of metadata.row_groups) {
    const rows = Number(group.num_rows);
    const step = Math.max(1, Math.floor((rows * MOST_AT_ONCE) / Math.max(MOST_AT_ONCE, bytesOf(group))));
    for (let begin = 0; begin < rows; begin += step) {
      const records = await readable(
        parquetReadObjects({
          file: buffer,
          metadata,
          rowStart: first + begin,
          rowEnd: first + Math.min(rows, begin + step),
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

function entryOf(record: Record<string, unknown>, columns: Parameters<typeof parquetRecord>[1]): Entry {
  try {
    return { value: parquetRecord(record, columns) };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    const reason = message('parquet_bytes', { column: error.column });
    return { fault: { code: 'parquet_bytes', reason } };
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
    if (error instanceof TunesmithError || !(error instanceof Error)) throw error;
    throw new DataFault({
      code: 'parquet',
      reason: message('parquet_unreadable', { detail: error.message }),
    });
  }
}
