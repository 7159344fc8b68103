import { JsonFault, parseLosslessJson, type LosslessJson } from '../../core/lossless_json';
import { message } from '../../core/messages/message';
import { DataFault } from './fault';
import type { Entry, FormatSource } from './format';
import { isHeader } from './table_look';

/**
 * The names of a table's columns. Columns of a table without a header are called `column_1`, `column_2` and so on.
 *
 * @param cells of its first row
 * @throws DataFault if a name occurs twice
 */
export function columnsOf(
  cells: readonly string[],
  line: number,
  { options, tell }: Pick<FormatSource, 'options' | 'tell'>,
): { readonly names: readonly string[]; readonly header: boolean } {
  const header = options.header ?? isHeader(cells);
  tell({ header, headerGuessed: options.header === undefined });
  return { names: header ? namesOf(cells, line) : cells.map((_, at) => `column_${at + 1}`), header };
}

/** The names, some of which may be empty. @throws DataFault if one occurs twice */
function namesOf(cells: readonly string[], line: number): readonly string[] {
  const names = cells.map((cell) => cell.trim());
  const twice = names.find((name, at) => name !== '' && names.indexOf(name) < at);
  if (twice !== undefined) {
    const reason = message('csv_column_twice', { name: twice });
    throw new DataFault({ code: 'csv_columns', reason, line });
  }
  return names;
}

/** The fault of a table without rows. @param columns undefined if it has no first line either */
export function emptyTable(columns: readonly string[] | undefined): DataFault {
  const reason = columns ? message('table_empty', { names: columns }) : message('file_empty');
  return new DataFault({ code: 'empty', reason });
}

/** Columns whose cells hold JSON instead of plain text. `tools` may be JSON in any format. */
const STRUCTURED = new Set(['messages', 'conversations', 'history', 'chat_template_kwargs']);

/**
 * A row as a record; absent for empty cells. Columns without a name must be empty, as those are that spreadsheets write
 * behind the last one. Only the first may be filled: pandas writes its index without a name.
 *
 * @param line of its beginning, from 1
 */
export function recordOf(columns: readonly string[], cells: readonly string[], line: number): Entry {
  const record: Record<string, LosslessJson> = {};
  for (const [at, name] of columns.entries()) {
    const cell = cells[at] ?? '';
    if (cell === '' || (name === '' && (at === 0 || cell.trim() === ''))) continue;
    if (name === '') {
      const reason = message('csv_column_nameless', { number: at + 1 });
      return { fault: { code: 'csv_columns', reason, line } };
    }
    if (!STRUCTURED.has(name)) {
      record[name] = cell;
      continue;
    }
    try {
      record[name] = parseLosslessJson(cell);
    } catch (error) {
      if (!(error instanceof JsonFault)) throw error;
      const reason = message('csv_cell_not_json', { name, fault: error.reason });
      return { fault: { code: 'json_syntax', reason, line } };
    }
  }
  return { value: record, line };
}
