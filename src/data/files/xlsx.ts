import { TunesmithError } from '../../core/errors';
import type { FileReader } from '../../core/file_reader';
import { message } from '../../core/messages/message';
import { zipEntries } from '../../core/zip_directory';
import { DataFault } from './fault';
import type { BinaryFormat, Entry, FormatSource } from './format';
import { columnsOf, emptyTable, recordOf } from './table_record';

/** Most bytes of a workbook, and of all that is packed in it: it is unpacked in memory. */
const MOST_BYTES = 100 * 2 ** 20;
const MOST_UNPACKED = 512 * 2 ** 20;

/** Sheets of Excel: the rows of all of them in turn, each with a first row of its own that may name the columns. */
export const XLSX: BinaryFormat = {
  names: ['XLSX'],
  endings: ['.xlsx'],
  mediaTypes: ['application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  fitsBytes: (head, name) =>
    String.fromCharCode(...head.subarray(0, 4)) === 'PK\u0003\u0004' &&
    (/\.xlsx$/i.test(name) || new TextDecoder('latin1').decode(head).includes('[Content_Types].xml')),
  entries: entriesOfXlsx,
};

async function* entriesOfXlsx(
  source: Pick<FormatSource, 'file' | 'options' | 'tell'>,
): AsyncGenerator<Entry, void, void> {
  const { file } = source;
  if (file.size > MOST_BYTES) throw tooLarge(MOST_BYTES, false);
  if ((await unpackedSize(file)) > MOST_UNPACKED) throw tooLarge(MOST_UNPACKED, true);
  const { default: readSheets } = await import('read-excel-file/universal');
  const { buffer } = await file.read(0, file.size);
  const sheets = await readSheets(buffer, { trim: false }).catch(() => {
    throw unreadable();
  });
  let isEmpty = true;
  let first: readonly string[] | undefined;
  for (const { data } of sheets) {
    let columns: readonly string[] | undefined;
    for (const [index, row] of data.entries()) {
      const cells = row.map(cellText);
      if (cells.every((cell) => cell.trim() === '')) continue;
      if (columns === undefined) {
        const { names, header } = columnsOf(cells, index + 1, source);
        columns = names;
        first ??= names;
        if (header) continue;
      }
      isEmpty = false;
      yield recordOf(columns, cells, index + 1);
    }
  }
  if (isEmpty) throw emptyTable(first);
}

/** Bytes of all files in a workbook, which is a zip. */
async function unpackedSize(file: FileReader): Promise<number> {
  const entries = await zipEntries(file).catch((error: unknown) => {
    throw error instanceof TunesmithError && error.code === 'zip_unreadable' ? unreadable() : error;
  });
  return entries.reduce((sum, { size }) => sum + size, 0);
}

function tooLarge(bytes: number, isUnpacked: boolean): DataFault {
  const reason = message('xlsx_large', { megabytes: bytes / 2 ** 20, isUnpacked });
  return new DataFault({ code: 'xlsx', reason });
}

function unreadable(): DataFault {
  return new DataFault({ code: 'xlsx', reason: message('xlsx_unreadable') });
}

/** A day, a moment or a time of day, which is on the day before Excel's first. @param iso in UTC */
function momentText(iso: string): string {
  return iso.replace(/^1899-12-30T/, '').replace(/T00:00:00\.000Z$|(?:\.000)?Z$/, '');
}

/** A cell as text, as a table in CSV has it. */
function cellText(cell: unknown): string {
  if (cell === null || cell === undefined) return '';
  if (cell instanceof Date) return momentText(cell.toISOString());
  if (typeof cell === 'boolean') return cell ? 'TRUE' : 'FALSE';
  return typeof cell === 'string' || typeof cell === 'number' ? String(cell) : '';
}
