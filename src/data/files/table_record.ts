import { JsonFault, parseLosslessJson, type LosslessJson } from '../../core/lossless_json';
import { message } from '../../core/messages/message';
import { DataFault } from './fault';
import type { Entry, FormatSource } from './format';
import { isHeader } from './table_look';

/**
 * The names of a table's columns. Columns of a table without a header are called `column_1`, `column_2` and so on.
 *
 * @param cells of its first row
 * @throws DataFault if a name occurs twice, or if a needed name is missing
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

/** @throws DataFault if a name occurs twice, or if a needed name is missing */
function namesOf(cells: readonly string[], line: number): readonly string[] {
  const names = cells.map((cell) => cell.trim());
  const twice = names.find((name, at) => name !== '' && names.indexOf(name) < at);
  if (twice !== undefined) {
    const reason = message('csv_column_twice', { name: twice });
    throw new DataFault({ code: 'csv_columns', reason, line });
  }
  // The first column may lack a name: pandas writes its index without one.
  const nameless = names.findIndex((name, at) => name === '' && at > 0);
  if (nameless >= 0 || names.every((name) => name === '')) {
    const reason = message('csv_column_nameless', { number: Math.max(0, nameless) + 1 });
    throw new DataFault({ code: 'csv_columns', reason, line });
  }
  return names;
}

/** Columns whose cells hold JSON instead of plain text. `tools` may be JSON in any format. */
const STRUCTURED = new Set(['messages', 'conversations', 'history', 'chat_template_kwargs']);

/**
 * A row as a record; absent for empty cells.
 *
 * @param line of its beginning, from 1
 */
export function recordOf(columns: readonly string[], cells: readonly string[], line: number): Entry {
  const record: Record<string, LosslessJson> = {};
  for (const [at, name] of columns.entries()) {
    const cell = cells[at] ?? '';
    if (name === '' || cell === '') continue;
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
